; Definitions
(function_definition name: (_) @name body: (_) @body) @symbol.function

(comment) @comment

; Imports
(command name: (command_name (word) @loader) . argument: (_) @sourced
  (#any-of? @loader "source" ".")) @import

; Calls: every command is one.
(command name: (command_name (word) @call))
