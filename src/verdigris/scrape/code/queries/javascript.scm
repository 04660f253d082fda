(class_body (field_definition property: (_) @name
  value: (arrow_function body: (_) @body)) @symbol.function)
(class_body (field_definition property: (_) @name
  value: (function_expression body: (_) @body)) @symbol.function)
