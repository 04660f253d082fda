; Definitions
(class name: (_) @name body: (_)? @body) @symbol.class
(module name: (_) @name body: (_)? @body) @symbol.module
(method name: (_) @name body: (_)? @body) @symbol.function
(singleton_method name: (_) @name body: (_)? @body) @symbol.function
(assignment left: (constant) @name right: (call
  receiver: (constant) @struct method: (identifier) @new block: (_) @body
  (#any-of? @struct "Struct" "Class" "Module" "Data")
  (#any-of? @new "new" "define"))) @symbol.class

(comment) @comment

; Imports
(call method: (identifier) @loader arguments: (argument_list . (string (string_content) @module))
  (#any-of? @loader "require" "require_relative" "load")) @import
(call method: (identifier) @loader
  arguments: (argument_list . (simple_symbol) . (string (string_content) @module))
  (#eq? @loader "autoload")) @import

; Calls
(call method: [(identifier) (constant)] @call)
(call receiver: [(constant) @call (scope_resolution name: (constant) @call)]
  method: (identifier) @new (#eq? @new "new"))

; A name alone is a variable or a call. What follows tells which: bare_names.py.
(identifier) @bare
; Names that are no expressions
(method name: (identifier) @told)
(singleton_method object: (identifier) @told)
(singleton_method name: (identifier) @told)
(setter (identifier) @told)
(alias (identifier) @told)
(undef (identifier) @told)
; What begins without variables, and what sees those around it
[(method) (singleton_method)] @alone
(class body: (_) @alone)
(module body: (_) @alone)
(singleton_class body: (_) @alone)
[(block) (do_block) (lambda)] @block
; Names that become variables
(assignment left: (identifier) @bound)
(operator_assignment left: (identifier) @bound)
(left_assignment_list (identifier) @bound)
(destructured_left_assignment (identifier) @bound)
(rest_assignment (identifier) @bound)
(exception_variable (identifier) @bound)
(for pattern: (identifier) @bound)
(method_parameters (identifier) @bound)
(block_parameters (identifier) @bound)
(lambda_parameters (identifier) @bound)
(destructured_parameter (identifier) @bound)
(optional_parameter name: (identifier) @bound)
(keyword_parameter name: (identifier) @bound)
(splat_parameter (identifier) @bound)
(hash_splat_parameter (identifier) @bound)
(block_parameter (identifier) @bound)
(as_pattern name: (identifier) @bound)
(array_pattern (identifier) @bound)
(find_pattern (identifier) @bound)
(keyword_pattern key: (hash_key_symbol) @bound !value)
(keyword_pattern value: (identifier) @bound)
(in_clause pattern: (identifier) @bound)
(match_pattern pattern: (identifier) @bound)
(test_pattern pattern: (identifier) @bound)
(regex) @regex
