; Definitions
(function_declaration name: (_) @name body: (_) @body) @symbol.function
(function_declaration name: (_) @name !body) @symbol.function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: (_) @owner))
  name: (_) @name body: (_) @body) @symbol.method
(type_spec name: (_) @name type: (struct_type (_) @body)) @symbol.struct
(type_spec name: (_) @name type: (interface_type)) @symbol.interface
(type_spec name: (_) @name) @symbol.type
(type_alias name: (_) @name) @symbol.type
; A block is one symbol with the name of its first entry: its lines explain each other (iota).
(const_declaration . (const_spec name: (_) @name)) @symbol.const
(var_declaration . (var_spec name: (_) @name)) @symbol.var
(var_declaration (var_spec_list . (var_spec name: (_) @name))) @symbol.var

(comment) @comment

; Imports
(import_spec path: (interpreted_string_literal (_) @module)) @import
(import_spec path: (raw_string_literal (_) @module)) @import

; Calls
(call_expression function: (identifier) @call)
(call_expression function: (selector_expression field: (_) @call))
(call_expression function: (index_expression operand: (identifier) @call))
; Without types, `Map[int](x)` reads as a conversion.
(type_conversion_expression type: (generic_type type: (type_identifier) @call))
(type_conversion_expression type: (generic_type type: (qualified_type name: (_) @call)))
