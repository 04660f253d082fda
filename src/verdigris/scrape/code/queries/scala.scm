; Definitions
(class_definition name: (_) @name body: (_)? @body) @symbol.class
(object_definition name: (_) @name body: (_)? @body) @symbol.object
(package_object name: (_) @name body: (_)? @body) @symbol.object
(trait_definition name: (_) @name body: (_)? @body) @symbol.trait
(enum_definition name: (_) @name body: (_)? @body) @symbol.enum
(function_definition name: (_) @name body: (_) @body) @symbol.function
(function_declaration name: (_) @name) @symbol.function
(given_definition name: (_) @name body: (_)? @body) @symbol.given
(type_definition name: (_) @name) @symbol.type

(annotation) @decorator
(comment) @comment
(block_comment) @comment

; Imports
(package_clause name: (_) @package)
(import_declaration) @import @scala

; Types of variables and parameters
(class_parameter name: (identifier) @variable type: (_) @type)
(parameter name: (identifier) @variable type: (_) @type)
(val_definition pattern: (identifier) @variable type: (_) @type)
(var_definition pattern: (identifier) @variable type: (_) @type)
(val_definition pattern: (identifier) @variable . value: [
  (instance_expression (type_identifier) @type) (call_expression function: (identifier) @type)])

; Calls
(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (identifier) @call))
(call_expression function: (generic_function function: (identifier) @call))
(call_expression function: (generic_function function: (field_expression field: (identifier) @call)))
(infix_expression operator: (identifier) @call)
(instance_expression . (type_identifier) @call)
(instance_expression . (generic_type type: (type_identifier) @call))
(instance_expression . (stable_type_identifier (type_identifier) @call))
(instance_expression . (generic_type type: (stable_type_identifier (type_identifier) @call .)))
; `test - boil[Tea](pot)`: the grammar takes the operator first.
(call_expression function: (infix_expression right: (identifier) @call))
(call_expression function: (generic_function function: (infix_expression right: (identifier) @call)))
