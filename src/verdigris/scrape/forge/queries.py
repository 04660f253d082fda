"""GraphQL queries of GitHub: one page of each list, most recently changed first.

Sizes of pages keep a query far below GitHub's limit of 500,000 nodes and within its ten seconds.
"""

from __future__ import annotations

_HEAD = """
number title body url createdAt updatedAt author { login __typename }
labels(first: 20) { nodes { name } }
"""
_REMARK = "author { login __typename } body createdAt"


def _query(connection: str, size: int, fields: str) -> str:
    return f"""
query($owner: String!, $name: String!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    {connection}(first: {size}, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ {_HEAD} {fields} }}
    }}
  }}
}}
"""


ISSUES = _query(
    "issues",
    50,
    f"""
    state closedAt
    comments(first: 100) {{ totalCount nodes {{ {_REMARK} }} }}
    """,
)
PULL_REQUESTS = _query(
    "pullRequests",
    25,
    f"""
    state closedAt mergedAt mergeCommit {{ oid }}
    closingIssuesReferences(first: 20) {{ nodes {{ number url }} }}
    comments(first: 100) {{ totalCount nodes {{ {_REMARK} }} }}
    reviews(first: 50) {{
      totalCount
      nodes {{
        state submittedAt author {{ login __typename }} body
        comments(first: 30) {{ nodes {{ {_REMARK} path line originalLine }} }}
      }}
    }}
    files(first: 100) {{ nodes {{ path }} }}
    commits(first: 50) {{ nodes {{ commit {{ oid }} }} }}
    """,
)
DISCUSSIONS = _query(
    "discussions",
    25,
    f"""
    closed closedAt
    answer {{ {_REMARK} }}
    comments(first: 50) {{
      totalCount
      nodes {{ {_REMARK} replies(first: 20) {{ nodes {{ {_REMARK} }} }} }}
    }}
    """,
)
