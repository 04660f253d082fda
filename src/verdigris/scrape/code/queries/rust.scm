; Definitions
(function_item name: (_) @name body: (_) @body) @symbol.function
(function_signature_item name: (_) @name) @symbol.function
(struct_item name: (_) @name body: (_) @body) @symbol.struct
(struct_item name: (_) @name) @symbol.struct
(enum_item name: (_) @name body: (_) @body) @symbol.enum
(union_item name: (_) @name body: (_) @body) @symbol.union
(trait_item name: (_) @name body: (_) @body) @symbol.trait
(impl_item type: (_) @name body: (_) @body) @symbol.impl
(mod_item name: (_) @name body: (_) @body) @symbol.module
(macro_definition name: (_) @name) @symbol.macro
(const_item name: (_) @name) @symbol.const
(static_item name: (_) @name) @symbol.static
(type_item name: (_) @name) @symbol.type

(attribute_item) @decorator
(line_comment) @comment
(block_comment) @comment

; Imports
(use_declaration argument: (_) @use) @import
(mod_item name: (_) @module !body) @import
(extern_crate_declaration name: (_) @module) @import

; Calls
(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (_) @call))
(call_expression function: (scoped_identifier name: (_) @call))
(call_expression function: (generic_function function: (identifier) @call))
(call_expression function: (generic_function function: (field_expression field: (_) @call)))
(call_expression function: (generic_function function: (scoped_identifier name: (_) @call)))
(macro_invocation macro: (identifier) @call)
(macro_invocation macro: (scoped_identifier name: (_) @call))
; The arguments of a macro are not parsed: a name before a parenthesis is taken for a call.
(token_tree (identifier) @call . (token_tree "("))
