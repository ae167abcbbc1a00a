#!/bin/sh
# Starts the TURN server once the proxy has its certificate, and makes it read a renewed one: by itself it would serve the first one until that is over.
# Arguments are the server's own.
#   TURN_HOST       whose certificate
#   CERTIFICATES    where the proxy keeps what it got, from whichever authority
#   LOOK_SECONDS    how often it is looked at; 10
set -u

newest() {
  # Of two authorities, the one that gave one last.
  find "$CERTIFICATES" -name "$TURN_HOST.crt" -size +0 -exec ls -t {} + 2>/dev/null | head -n 1
}

look() {
  sleep "${LOOK_SECONDS:-10}" &
  wait $!
}

stop() {
  [ -z "${server:-}" ] || { kill -TERM "$server"; wait "$server"; }
  exit 0
}
trap stop TERM INT

echo "Waiting for the certificate of $TURN_HOST, which the proxy gets."
until certificate=$(newest) && [ -n "$certificate" ]; do
  sleep 1 &
  wait $!
done

# At one place whatever the authority: the server is told of it once.
kept=$(mktemp -d)
copy() {
  cat "$certificate" >"$kept/fullchain.pem" && cat "${certificate%.crt}.key" >"$kept/key.pem" && known=$(cksum <"$certificate")
}
umask 077
copy
turnserver "$@" --cert="$kept/fullchain.pem" --pkey="$kept/key.pem" &
server=$!

while kill -0 "$server" 2>/dev/null; do
  look
  certificate=$(newest)
  if [ -n "$certificate" ] && [ "$(cksum <"$certificate")" != "$known" ] && copy; then kill -USR2 "$server"; fi
done
# It ended by itself: whoever started this starts it again.
wait "$server"
