(abstract_class_declaration name: (_) @name body: (_) @body) @symbol.class
(interface_declaration name: (_) @name body: (_) @body) @symbol.interface
(type_alias_declaration name: (_) @name) @symbol.type
(enum_declaration name: (_) @name body: (_) @body) @symbol.enum
(internal_module name: (_) @name body: (_) @body) @symbol.namespace
(module name: (_) @name body: (_) @body) @symbol.namespace
(function_signature name: (_) @name) @symbol.function
(abstract_method_signature name: (_) @name) @symbol.function
(class_body (method_signature name: (_) @name) @symbol.function)
(class_body (public_field_definition name: (_) @name
  value: [(arrow_function) (function_expression)] @value) @symbol.function)

; An object whose type is told: `const routes = {…} as const`, `… satisfies Routes`
(variable_declarator name: (identifier) @owner value: [
  (as_expression (object) @owned) (satisfies_expression (object) @owned)])
(export_statement "default" @owner value: [
  (as_expression (object) @owned) (satisfies_expression (object) @owned)])

; Types of variables, parameters and fields
(variable_declarator name: (identifier) @variable type: (type_annotation (type_identifier) @type))
(required_parameter pattern: (identifier) @variable type: (type_annotation (type_identifier) @type))
(required_parameter (accessibility_modifier) pattern: (identifier) @field
  type: (type_annotation (type_identifier) @type))
(public_field_definition name: (property_identifier) @variable [
  (type_annotation (type_identifier) @type) (new_expression constructor: (identifier) @type)])

(import_statement (import_require_clause source: (string (string_fragment) @module))) @import

; `await boil<Tea>(pot)`: the grammar takes `await` first.
(call_expression function: (await_expression (identifier) @call))
(call_expression function: (await_expression (member_expression property: (_) @call)))
