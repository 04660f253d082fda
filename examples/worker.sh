#!/bin/sh
# A conversation with `verdigris embed --serve-stdio` from a shell: one request, one answer.
# Usage: worker.sh "a text" …      VERDIGRIS names another command than `verdigris`.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkfifo "$folder/requests" "$folder/answers"

${VERDIGRIS:-verdigris} embed --serve-stdio <"$folder/requests" >"$folder/answers" &
worker=$!
exec 3>"$folder/requests" 4<"$folder/answers"

ask() {
    printf '%s\n' "$1" >&3
    IFS= read -r answer <&4 || { echo "the worker ended" >&2; exit 1; }
    printf '%s\n' "$answer"
}

# JSON wants backslash and quotation mark escaped; control characters are left out.
quoted() {
    printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

number=0
for text in "$@"; do
    number=$((number + 1))
    ask "{\"op\": \"embed\", \"id\": $number, \"texts\": [$(quoted "$text")], \"encoding\": \"base64\"}"
done
ask '{"op": "shutdown", "id": "end"}'
wait "$worker"
