; Rendering a component is calling it; lower-case tags are the platform's own and are not kept.
(jsx_opening_element name: (identifier) @component)
(jsx_self_closing_element name: (identifier) @component)
(jsx_opening_element name: (member_expression property: (_) @component))
(jsx_self_closing_element name: (member_expression property: (_) @component))
