; Definitions
(class_declaration "class" name: (_) @name body: (_) @body) @symbol.class
(class_declaration "actor" name: (_) @name body: (_) @body) @symbol.class
(class_declaration "struct" name: (_) @name body: (_) @body) @symbol.struct
(class_declaration "enum" name: (_) @name body: (_) @body) @symbol.enum
(class_declaration "extension" name: (_) @name body: (_) @body) @symbol.extension
(protocol_declaration name: (_) @name body: (_) @body) @symbol.protocol
; A pattern of name and body together takes half a second to compile.
(function_declaration "func" . _ @name) @symbol.function
(function_body) @last
(protocol_function_declaration name: [(simple_identifier) (custom_operator)] @name) @symbol.function
(init_declaration name: _ @name body: (_)? @body) @symbol.function
(deinit_declaration "deinit" @name body: (_) @body) @symbol.function
(subscript_declaration "subscript" @name) @symbol.property
(typealias_declaration name: (type_identifier) @name) @symbol.type
; Properties with code of their own; the others are lines of their type.
(property_declaration name: (pattern bound_identifier: (simple_identifier) @name)
  computed_value: (_) @body) @symbol.property

(attribute) @decorator
(comment) @comment
(multiline_comment) @comment

; Imports
(import_declaration (identifier) @module) @import

; Types of variables, parameters and properties
(property_declaration name: (pattern bound_identifier: (simple_identifier) @variable)
  (type_annotation (_) @type))
(property_declaration name: (pattern bound_identifier: (simple_identifier) @variable)
  . value: (call_expression . (simple_identifier) @type))
(parameter name: (simple_identifier) @variable . [(user_type) (optional_type)] @type)

; Calls
(call_expression . (simple_identifier) @call)
(call_expression . (navigation_expression
  suffix: (navigation_suffix suffix: (simple_identifier) @call)))
(constructor_expression constructed_type: (user_type (type_identifier) @call .))
(constructor_expression constructed_type: (user_type (type_identifier) @call . (type_arguments)))
