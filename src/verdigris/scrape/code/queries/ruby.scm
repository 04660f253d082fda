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
  (#any-of? @loader "require" "load")) @import
(call method: (identifier) @loader arguments: (argument_list . (string (string_content) @sibling))
  (#eq? @loader "require_relative")) @import
(call method: (identifier) @loader
  arguments: (argument_list . (simple_symbol) . (string (string_content) @module))
  (#eq? @loader "autoload")) @import

; Calls. A name alone may be a variable: it is not taken for a call.
(call method: [(identifier) (constant)] @call)
(call receiver: [(constant) @call (scope_resolution name: (constant) @call)]
  method: (identifier) @new (#eq? @new "new"))
