#!/bin/sh
# Writes .env.example with secrets of your own and for production: deploy/new-env.sh > .env
# Who takes the money, and who the e-mails, is for you to fill in.
set -eu
umask 077
while IFS= read -r line; do
  case "$line" in
    ENVIRONMENT=*) echo ENVIRONMENT=production ;;
    DEMO_DATA=*) echo DEMO_DATA=false ;;
    PAYMENT_PROVIDER=*) echo PAYMENT_PROVIDER= ;;
    *=change-me-*) echo "${line%%=*}=$(openssl rand -hex 24)" ;;
    *) echo "$line" ;;
  esac
done < "$(dirname "$0")/../.env.example" | sed '1,/^$/d'
echo "Fill in PAYMENT_PROVIDER, and SMTP_HOST, MAIL_FROM and PUBLIC_URL, before you start: without them nobody takes the" >&2
echo "money, or the e-mails." >&2
