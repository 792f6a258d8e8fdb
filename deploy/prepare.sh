#!/bin/sh
# Runs before everything else, and may run again.
set -eu

if [ "$ENVIRONMENT" = production ]; then
  refused=
  known=
  # Every secret of the example file is known to everybody. What has no value there, or is commented out, is none.
  while IFS='=' read -r name value; do
    case "$name" in
      [A-Z]*PASSWORD | [A-Z]*TOKEN)
        [ -z "$value" ] || [ "$(printenv "$name" || true)" != "$value" ] || known="$known $name"
        ;;
    esac
  done < /deploy/env.example
  [ "$DEMO_DATA" != true ] || known="$known DEMO_DATA"
  if [ -n "$known" ]; then
    echo "ENVIRONMENT is production, and these are still as in .env.example:$known" >&2
    echo "deploy/new-env.sh writes a .env with secrets of your own." >&2
    refused=yes
  fi
  # Orders would be paid, and sent, without any money.
  case "${PAYMENT_PROVIDER:-nobody} ${ALLOW_SIMULATED_PAYMENTS:-}" in
    'simulator true') ;;
    'nobody '* | 'simulator '*)
      echo "ENVIRONMENT is production, and nobody takes the money: PAYMENT_PROVIDER is not set, or is simulator." >&2
      echo "Say PAYMENT_PROVIDER=stripe and what docs/PAYMENTS.md lists for it; or, for a shop where nobody is to pay in" >&2
      echo "earnest, PAYMENT_PROVIDER=simulator and ALLOW_SIMULATED_PAYMENTS=true." >&2
      refused=yes
      ;;
  esac
  # Nobody would hear that their order was taken, nor get a new password.
  if [ -z "${SMTP_HOST:-}${MAIL_DIR:-}" ]; then
    echo "ENVIRONMENT is production, and nobody takes the e-mails: SMTP_HOST is not set." >&2
    echo "Say which mail server does; or MAIL_DIR=mail, for files in the volume \`mail\`." >&2
    refused=yes
  elif [ -n "${SMTP_HOST:-}" ] && { [ -z "${MAIL_FROM:-}" ] || [ -z "${PUBLIC_URL:-}" ]; }; then
    echo "ENVIRONMENT is production, and e-mails would come from nowhere or lead to nowhere: say MAIL_FROM, whose address" >&2
    echo "they come from, and PUBLIC_URL, which their links begin with." >&2
    refused=yes
  fi
  [ -z "$refused" ] || exit 2
fi

# The last key by name signs, all of them are good for checking. `umask`: nobody but the services may read it.
keys=/var/lib/shop/jwt-keys
if ! ls "$keys"/*.pem >/dev/null 2>&1; then
  umask 077
  openssl genpkey -algorithm ed25519 -out "$keys/new"
  mv "$keys/new" "$keys/$(date --utc +%Y-%m-%d).pem"
fi
