; Shared by C and C++.
; Definitions. Prototypes are none; nor are constants: `#define LIMIT 3` stays with its neighbours.
(function_definition declarator: (function_declarator declarator: (_) @name)
  body: (_) @body) @symbol.function
(function_definition declarator: (pointer_declarator declarator:
  (function_declarator declarator: (_) @name)) body: (_) @body) @symbol.function
(function_definition declarator: (pointer_declarator declarator: (pointer_declarator declarator:
  (function_declarator declarator: (_) @name))) body: (_) @body) @symbol.function
(struct_specifier name: (_) @name body: (_) @body) @symbol.struct
(union_specifier name: (_) @name body: (_) @body) @symbol.union
(enum_specifier name: (_) @name body: (_) @body) @symbol.enum
(preproc_function_def name: (_) @name value: (_)? @body) @symbol.macro

; A type definition names what it defines, gives a second name, or names a type that is elsewhere.
(type_definition type: (struct_specifier !name body: (_) @body)
  declarator: (type_identifier) @name) @symbol.struct
(type_definition type: (union_specifier !name body: (_) @body)
  declarator: (type_identifier) @name) @symbol.union
(type_definition type: (enum_specifier !name body: (_) @body)
  declarator: (type_identifier) @name) @symbol.enum
(type_definition type: [
    (struct_specifier name: (_) body: (_)) @aliased
    (union_specifier name: (_) body: (_)) @aliased
    (enum_specifier name: (_) body: (_)) @aliased]
  declarator: [(type_identifier) @alias
    (pointer_declarator declarator: (type_identifier) @alias)])
(type_definition type: [
    (primitive_type) (sized_type_specifier) (type_identifier)
    (struct_specifier !body) (union_specifier !body) (enum_specifier !body)]
  declarator: [
    (type_identifier) @name
    (pointer_declarator declarator: (type_identifier) @name)
    (array_declarator declarator: (type_identifier) @name)
    (function_declarator declarator: (type_identifier) @name)
    (function_declarator declarator: (parenthesized_declarator (type_identifier) @name))
    (pointer_declarator declarator: (function_declarator declarator: (type_identifier) @name))
    (pointer_declarator declarator: (function_declarator declarator:
      (parenthesized_declarator (type_identifier) @name)))
    (function_declarator declarator: (parenthesized_declarator
      (pointer_declarator declarator: (type_identifier) @name)))
    (pointer_declarator declarator: (function_declarator declarator: (parenthesized_declarator
      (pointer_declarator declarator: (type_identifier) @name))))]) @symbol.type

(comment) @comment

; Imports
(preproc_include path: [(string_literal) (system_lib_string)] @module) @import

; Calls
(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (field_identifier) @call))
