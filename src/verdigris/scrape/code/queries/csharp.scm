; Definitions
(class_declaration name: (_) @name body: (_)? @body) @symbol.class
(interface_declaration name: (_) @name body: (_)? @body) @symbol.interface
(struct_declaration name: (_) @name body: (_)? @body) @symbol.struct
(record_declaration name: (_) @name body: (_)? @body) @symbol.record
(enum_declaration name: (_) @name body: (_)? @body) @symbol.enum
(delegate_declaration name: (_) @name) @symbol.delegate
(method_declaration name: (_) @name body: (_)? @body) @symbol.function
(constructor_declaration name: (_) @name body: (_)? @body) @symbol.function
(destructor_declaration name: (_) @name body: (_)? @body) @symbol.function
(operator_declaration operator: _ @name body: (_)? @body) @symbol.operator
(conversion_operator_declaration type: (_) @name body: (_)? @body) @symbol.operator
(indexer_declaration "this" @name accessors: (_)? @body) @symbol.property
; Properties with code of their own; the others are lines of their class.
(property_declaration name: (_) @name
  accessors: (accessor_list (accessor_declaration body: (_))) @body) @symbol.property
(property_declaration name: (_) @name value: (arrow_expression_clause) @body) @symbol.property

(attribute_list) @decorator
(comment) @comment

; Imports
(namespace_declaration name: (_) @package)
(file_scoped_namespace_declaration name: (_) @package)
(using_directive !name [(qualified_name) (identifier)] @module) @import
(using_directive name: (_) [(qualified_name) (identifier) (generic_name)] @module) @import

; Types of variables, parameters, fields and properties
(variable_declaration type: (_) @type (variable_declarator name: (identifier) @variable))
(variable_declaration type: (implicit_type) (variable_declarator
  name: (identifier) @variable (object_creation_expression type: (_) @type)))
(property_declaration type: (_) @type name: (identifier) @variable)
(parameter type: (_) @type name: (identifier) @variable)
(foreach_statement type: (_) @type left: (identifier) @variable)

; Calls
(invocation_expression function: (identifier) @call (#not-eq? @call "nameof"))
(invocation_expression function: (generic_name . (identifier) @call))
(invocation_expression function: (member_access_expression name: (identifier) @call))
(invocation_expression function: (member_access_expression
  name: (generic_name . (identifier) @call)))
(invocation_expression function: (conditional_access_expression
  (member_binding_expression name: (identifier) @call)))
(object_creation_expression type: (identifier) @call)
(object_creation_expression type: (generic_name . (identifier) @call))
(object_creation_expression type: (qualified_name name: (identifier) @call))
