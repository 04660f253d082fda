; Shared by JavaScript, TypeScript and TSX.
; Definitions. What is a function by its value ends with the body of that.
(function_declaration name: (_) @name body: (_) @body) @symbol.function
(generator_function_declaration name: (_) @name body: (_) @body) @symbol.function
(class_declaration name: (_) @name body: (_) @body) @symbol.class
(class_body (method_definition name: (_) @name body: (_) @body) @symbol.function)

(variable_declarator name: (identifier) @name value: [
  (arrow_function) (function_expression) (generator_function)] @value) @symbol.function
(variable_declarator name: (identifier) @name value: (class) @value) @symbol.class
(assignment_expression left: [(identifier) (member_expression)] @name right: [
  (arrow_function) (function_expression) (generator_function)] @value) @symbol.function
(assignment_expression left: [(identifier) (member_expression)] @name
  right: (class) @value) @symbol.class

(export_statement "default" @name value: [
  (arrow_function) (function_expression) (generator_function)] @value) @symbol.function
(export_statement "default" @name value: (class) @value) @symbol.class

; Functions of an object, which are taken where it has a name. One pattern for each way to name an
; object would take most of the time that compiling this query takes.
(object [
  (pair key: (_) @name value: [(arrow_function) (function_expression)] @value) @symbol.method
  (method_definition name: (_) @name body: (_) @body) @symbol.method]) @object
(variable_declarator name: (identifier) @owner value: (object) @owned)
(assignment_expression left: (_) @owner right: (object) @owned)
(export_statement "default" @owner value: (object) @owned)

(decorator) @decorator
(comment) @comment

; Imports
(import_statement source: (string (string_fragment) @module)) @import
(import_statement (import_clause (identifier) @imported)
  source: (string (string_fragment) @module)) @import
(import_statement (import_clause (namespace_import (identifier) @imported))
  source: (string (string_fragment) @module)) @import
(import_statement (import_clause (named_imports (import_specifier name: (_) @imported)))
  source: (string (string_fragment) @module)) @import
(export_statement source: (string (string_fragment) @module)) @import
(export_statement "*" @imported source: (string (string_fragment) @module)) @import
(export_statement (namespace_export (identifier) @imported)
  source: (string (string_fragment) @module)) @import
(export_statement (export_clause (export_specifier name: (_) @imported))
  source: (string (string_fragment) @module)) @import
(call_expression function: (import)
  arguments: (arguments . (string (string_fragment) @module))) @import
; Only calls of a function named `require` are kept.
(call_expression function: (identifier) @require
  arguments: (arguments . (string (string_fragment) @module))) @import
(variable_declarator
  name: (object_pattern [
    (shorthand_property_identifier_pattern) @imported
    (pair_pattern key: (_) @imported)])
  value: (call_expression function: (identifier) @require
    arguments: (arguments . (string (string_fragment) @module))) @import)
(variable_declarator
  name: (identifier) @imported
  value: (call_expression function: (identifier) @require
    arguments: (arguments . (string (string_fragment) @module))) @import)
(member_expression
  object: (call_expression function: (identifier) @require
    arguments: (arguments . (string (string_fragment) @module))) @import
  property: (property_identifier) @imported)

; Types of variables and fields
(variable_declarator name: (identifier) @variable
  value: (new_expression constructor: (identifier) @type))
(assignment_expression left: (member_expression object: (this) property: (_) @field)
  right: (new_expression constructor: (identifier) @type))

; Calls
(call_expression function: (identifier) @call)
(call_expression function: (member_expression property: (_) @call))
(new_expression constructor: (identifier) @call)
(new_expression constructor: (member_expression property: (_) @call))
