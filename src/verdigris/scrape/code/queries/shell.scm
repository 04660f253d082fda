; Definitions
(function_definition name: (_) @name body: (_) @body) @symbol.function

(comment) @comment

; Imports
(command name: (command_name (word) @loader) . argument: (_) @sourced
  (#any-of? @loader "source" ".")) @import

; Calls: every command with a name is one; `[` has none.
(command name: (command_name (word) @call))
(unset_command "unset" @call)
