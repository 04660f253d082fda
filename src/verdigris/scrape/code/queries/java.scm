; Definitions
(class_declaration name: (_) @name body: (_) @body) @symbol.class
(interface_declaration name: (_) @name body: (_) @body) @symbol.interface
(enum_declaration name: (_) @name body: (_) @body) @symbol.enum
(record_declaration name: (_) @name body: (_) @body) @symbol.record
(annotation_type_declaration name: (_) @name body: (_) @body) @symbol.annotation
(class_declaration body: (class_body
  [(method_declaration name: (_) @name body: (_)? @body)
   (constructor_declaration name: (_) @name body: (_) @body)] @symbol.function))
(record_declaration body: (class_body
  [(method_declaration name: (_) @name body: (_)? @body)
   (constructor_declaration name: (_) @name body: (_) @body)
   (compact_constructor_declaration name: (_) @name body: (_) @body)] @symbol.function))
(interface_body (method_declaration name: (_) @name body: (_)? @body) @symbol.function)
(enum_body_declarations
  [(method_declaration name: (_) @name body: (_)? @body)
   (constructor_declaration name: (_) @name body: (_) @body)] @symbol.function)
(annotation_type_element_declaration name: (_) @name) @symbol.function

; Methods of an anonymous class that has a name by its field, and of an enum's constant
(field_declaration declarator: (variable_declarator name: (_) @owner
  value: (object_creation_expression (class_body
    (method_declaration name: (_) @name body: (_) @body) @symbol.function))))
(enum_constant name: (_) @owner body: (class_body
  (method_declaration name: (_) @name body: (_) @body) @symbol.function))

(annotation) @decorator
(marker_annotation) @decorator
(line_comment) @comment
(block_comment) @comment

; Imports
(package_declaration [(scoped_identifier) (identifier)] @package)
(import_declaration [(scoped_identifier) (identifier)] @module) @import
(import_declaration (scoped_identifier) @module (asterisk) @imported) @import

; Types of variables, parameters and fields
(local_variable_declaration type: (_) @type
  declarator: (variable_declarator name: (identifier) @variable))
(local_variable_declaration type: (type_identifier) @inferred
  declarator: (variable_declarator name: (identifier) @variable
    value: (object_creation_expression type: (_) @type))
  (#eq? @inferred "var"))
(field_declaration type: (_) @type declarator: (variable_declarator name: (identifier) @variable))
(formal_parameter type: (_) @type name: (identifier) @variable)
(enhanced_for_statement type: (_) @type name: (identifier) @variable)
(resource type: (_) @type name: (identifier) @variable)

; Calls
(method_invocation name: (_) @call)
(object_creation_expression type: (type_identifier) @call)
(object_creation_expression type: (generic_type . (type_identifier) @call))
(object_creation_expression type: (scoped_type_identifier (type_identifier) @call .))
