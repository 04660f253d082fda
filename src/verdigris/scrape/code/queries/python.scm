; Definitions
(class_definition name: (identifier) @name body: (_) @body) @symbol.class
(function_definition name: (identifier) @name body: (_) @body) @symbol.function

(class_definition body: (block . (expression_statement (string) @docstring))) @documented
(function_definition body: (block . (expression_statement (string) @docstring))) @documented

(decorator) @decorator
(comment) @comment

; Imports
(import_statement name: (dotted_name) @module) @import
(import_statement name: (aliased_import name: (dotted_name) @module)) @import
(import_from_statement module_name: (_) @module name: (dotted_name) @imported) @import
(import_from_statement module_name: (_) @module
  name: (aliased_import name: (dotted_name) @imported)) @import
(import_from_statement module_name: (_) @module (wildcard_import) @imported) @import
(future_import_statement "__future__" @module name: (dotted_name) @imported) @import

; Calls
(call function: (identifier) @call)
(call function: (attribute attribute: (identifier) @call))
