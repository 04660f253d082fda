; Shared by JavaScript, TypeScript and TSX.
; Definitions
(function_declaration name: (_) @name body: (_) @body) @symbol.function
(generator_function_declaration name: (_) @name body: (_) @body) @symbol.function
(class_declaration name: (_) @name body: (_) @body) @symbol.class
(class_body (method_definition name: (_) @name body: (_) @body) @symbol.function)

(variable_declarator name: (identifier) @name value: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
  (generator_function body: (_) @body)]) @symbol.function
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @symbol.class
(assignment_expression left: [(identifier) (member_expression)] @name right: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
  (generator_function body: (_) @body)]) @symbol.function
(assignment_expression left: [(identifier) (member_expression)] @name
  right: (class body: (_) @body)) @symbol.class

(export_statement "default" @name value: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
  (generator_function body: (_) @body)]) @symbol.function
(export_statement "default" @name value: (class body: (_) @body)) @symbol.class

; Functions of an object that has a name
(variable_declarator name: (identifier) @owner value: (object
  (pair key: (_) @name value: [
    (arrow_function body: (_) @body) (function_expression body: (_) @body)]) @symbol.method))
(variable_declarator name: (identifier) @owner value: (object
  (method_definition name: (_) @name body: (_) @body) @symbol.method))
(assignment_expression left: (_) @owner right: (object
  (pair key: (_) @name value: [
    (arrow_function body: (_) @body) (function_expression body: (_) @body)]) @symbol.method))
(assignment_expression left: (_) @owner right: (object
  (method_definition name: (_) @name body: (_) @body) @symbol.method))
(export_statement "default" @owner value: (object
  (pair key: (_) @name value: [
    (arrow_function body: (_) @body) (function_expression body: (_) @body)]) @symbol.method))
(export_statement "default" @owner value: (object
  (method_definition name: (_) @name body: (_) @body) @symbol.method))

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

; Calls
(call_expression function: (identifier) @call)
(call_expression function: (member_expression property: (_) @call))
(new_expression constructor: (identifier) @call)
(new_expression constructor: (member_expression property: (_) @call))
