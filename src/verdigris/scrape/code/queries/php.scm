; Definitions
(class_declaration name: (_) @name body: (_) @body) @symbol.class
(interface_declaration name: (_) @name body: (_) @body) @symbol.interface
(trait_declaration name: (_) @name body: (_) @body) @symbol.trait
(enum_declaration name: (_) @name body: (_) @body) @symbol.enum
(function_definition name: (_) @name body: (_) @body) @symbol.function
(class_declaration body: (declaration_list
  (method_declaration name: (_) @name body: (_)? @body) @symbol.function))
(interface_declaration body: (declaration_list
  (method_declaration name: (_) @name body: (_)? @body) @symbol.function))
(trait_declaration body: (declaration_list
  (method_declaration name: (_) @name body: (_)? @body) @symbol.function))
(enum_declaration_list (method_declaration name: (_) @name body: (_)? @body) @symbol.function)

(attribute_list) @decorator
(comment) @comment

; Imports
(namespace_definition name: (_) @package)
(namespace_use_declaration (namespace_use_clause . [(qualified_name) (name)] @module)) @import
(namespace_use_declaration
  (namespace_use_clause type: _ [(qualified_name) (name)] @module)) @import
(namespace_use_declaration (namespace_name) @module
  body: (namespace_use_group
    (namespace_use_clause . [(name) (qualified_name)] @imported))) @import
(include_expression (string (string_content) @module)) @import
(include_once_expression (string (string_content) @module)) @import
(require_expression (string (string_content) @module)) @import
(require_once_expression (string (string_content) @module)) @import
; `__DIR__ . '/file.php'`
([(include_expression (binary_expression right: (string (string_content) @sibling)))
  (include_once_expression (binary_expression right: (string (string_content) @sibling)))
  (require_expression (binary_expression right: (string (string_content) @sibling)))
  (require_once_expression (binary_expression right: (string (string_content) @sibling)))] @import)

; Types of variables, parameters and properties
(property_declaration type: (_) @type (property_element name: (variable_name (name) @variable)))
(simple_parameter type: (_) @type name: (variable_name (name) @variable))
(property_promotion_parameter type: (_) @type name: (variable_name (name) @field))
(assignment_expression left: (variable_name (name) @variable)
  right: (object_creation_expression [(name) (qualified_name)] @type))
(assignment_expression left: (member_access_expression name: (name) @field)
  right: (object_creation_expression [(name) (qualified_name)] @type))

; Calls
(function_call_expression function: (name) @call (#not-match? @call "^(isset|empty)$"))
(function_call_expression function: (qualified_name (name) @call .))
(member_call_expression name: (name) @call)
(nullsafe_member_call_expression name: (name) @call)
(scoped_call_expression name: (name) @call)
(object_creation_expression . (name) @call)
(object_creation_expression . (qualified_name (name) @call .))
