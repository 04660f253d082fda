; Definitions. A companion object's functions are found as those of its class.
(class_declaration "class" name: (_) @name (class_body)? @body) @symbol.class
(class_declaration "class" name: (_) @name (enum_class_body) @body) @symbol.enum
(class_declaration "interface" name: (_) @name
  [(class_body) (enum_class_body)]? @body) @symbol.interface
(object_declaration name: (_) @name (class_body)? @body) @symbol.object
(function_declaration name: (_) @name (function_body)? @body) @symbol.function
(secondary_constructor "constructor" @name (block)? @body) @symbol.function
(type_alias type: (_) @name) @symbol.type
; Properties with code of their own; the others are lines of their class.
(property_declaration (variable_declaration . (identifier) @name) 
  [(getter (function_body)) (setter (function_body))] @body) @symbol.property

(annotation) @decorator
(line_comment) @comment
(block_comment) @comment

; Imports
(package_header (qualified_identifier) @package)
(import (qualified_identifier) @module) @import
(import (qualified_identifier) @module "*" @imported) @import

; Types of variables, parameters and properties
(class_parameter (identifier) @variable [(user_type) (nullable_type)] @type)
(parameter (identifier) @variable [(user_type) (nullable_type)] @type)
(variable_declaration (identifier) @variable [(user_type) (nullable_type)] @type)
(property_declaration (variable_declaration (identifier) @variable .)
  (call_expression . (identifier) @type))

; Calls
(call_expression . (identifier) @call)
(call_expression . (navigation_expression (identifier) @call .))
(constructor_invocation (user_type (identifier) @call .))
; `!boil()`: the grammar takes the operator first.
(call_expression . (unary_expression argument: (identifier) @call))
(call_expression . (unary_expression argument: (navigation_expression (identifier) @call .)))
