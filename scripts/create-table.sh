#!/bin/sh
# The tables, with keys, indexes and TTL as they are declared: what is missing is made, nothing else is changed.
# Without DYNAMODB_ENDPOINT they are made in DynamoDB Local on this machine (`docker compose up -d`);
# set to nothing it means AWS itself: DYNAMODB_ENDPOINT= ./scripts/create-table.sh
set -eu
cd "$(dirname "$0")/.."
flask=${FLASK:-.venv/bin/flask}
if [ -n "${DYNAMODB_ENDPOINT=http://localhost:8000}" ]; then
  # An emulator takes any key and any secret; production's own never reach it.
  export FLASK_ENV=development DYNAMODB_ENDPOINT
  export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-test}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-test}"
  export SECRET_KEY="${SECRET_KEY:-${JWT_SECRET_KEY:-nothing is signed with this secret}}"
fi
exec "$flask" tables create "$@"
