; Definitions
(namespace_definition name: (_) @name body: (_) @body) @symbol.namespace
(class_specifier name: (_) @name body: (_) @body) @symbol.class
(function_definition declarator: (reference_declarator
  (function_declarator declarator: (_) @name)) body: (_) @body) @symbol.function
(function_definition declarator: (operator_cast) @name body: (_) @body) @symbol.function
(function_definition declarator: (qualified_identifier name: (operator_cast)) @name
  body: (_) @body) @symbol.function
; Defaulted functions have no body, and constructors may have a `try` around theirs.
(function_definition declarator: (function_declarator declarator: (_) @name)
  (default_method_clause)) @symbol.function
(function_definition declarator: (function_declarator declarator: (_) @name)
  (try_statement) @body) @symbol.function
; googletest: `TEST_F(PotTest, Boils) {` is a method of PotTest, and a call of the macro.
(function_definition !type
  declarator: (function_declarator
    declarator: (identifier) @test_macro
    parameters: (parameter_list
      . (parameter_declaration type: (_) @owner !declarator)
      . (parameter_declaration type: (_) @name !declarator) .))
  body: (_) @body
  (#match? @test_macro "^(TYPED_)?TEST(_[FP])?$")) @symbol.function
; A pure virtual function is defined nowhere else.
(field_declaration declarator: [
    (function_declarator declarator: (_) @name)
    (pointer_declarator declarator: (function_declarator declarator: (_) @name))
    (reference_declarator (function_declarator declarator: (_) @name))]
  default_value: (number_literal)) @symbol.function
(alias_declaration name: (_) @name) @symbol.type
(concept_definition name: (_) @name) @symbol.concept

; What a template declares begins with its parameters.
(template_declaration
  [(class_specifier) (struct_specifier) (union_specifier) (function_definition)
   (alias_declaration) (concept_definition)] @templated) @template

; Types of variables, parameters and fields; their names stand first in the declarators.
(declaration type: (_) @type declarator: (_) @variable)
(declaration type: (placeholder_type_specifier) declarator: (init_declarator value: [
  (new_expression type: (_) @type)
  (call_expression function: [(identifier) (qualified_identifier)] @type)]) @variable)
(parameter_declaration type: (_) @type declarator: (_) @variable)
(field_declaration type: (_) @type declarator: (_) @variable)
(for_range_loop type: (_) @type declarator: (_) @variable)

; Calls
(call_expression function: (qualified_identifier name: (identifier) @call))
(call_expression function: (qualified_identifier
  name: (qualified_identifier name: (identifier) @call)))
(call_expression function: (qualified_identifier
  name: (qualified_identifier name: (qualified_identifier name: (identifier) @call))))
(template_function name: (identifier) @call
  (#not-match? @call "^(static|dynamic|const|reinterpret)_cast$"))
(template_method name: (field_identifier) @call)
(new_expression type: (type_identifier) @call)
(new_expression type: (template_type name: (_) @call))
(new_expression type: (qualified_identifier name: (type_identifier) @call))
