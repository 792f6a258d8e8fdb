# The images of all services and of the gateway, from one build of the workspace:
#   docker build --target service --build-arg SERVICE=order-service .
#   docker build --target gateway .

# What cargo needs to build the dependencies: every manifest, and an empty program in the place of each of ours. It
# stays the same, and with it the layer below, until a manifest changes.
FROM rust:1.95-bookworm AS skeleton
WORKDIR /shop
COPY . .
RUN find . -type f ! -name Cargo.toml ! -name Cargo.lock ! -name main.rs ! -name lib.rs ! -path '*/src/bin/*.rs' -delete \
 && find . -type d -empty -delete \
 && for file in $(find . -name '*.rs'); do echo 'fn main() {}' > "$file"; done

FROM rust:1.95-bookworm AS build
WORKDIR /shop
ENV CARGO_TERM_PROGRESS_WHEN=never
COPY --from=skeleton /shop .
RUN cargo build --release --locked --workspace --exclude xtask --exclude bench --exclude system-tests --bins
COPY . .
# Cargo goes by the files' times, and ours are older than the empty ones were.
RUN find . -name '*.rs' -exec touch {} + \
 && cargo build --release --locked --workspace --exclude xtask --exclude bench --exclude system-tests --bins \
 && mkdir /programs \
 && cp target/release/*-service target/release/gateway-agent target/release/dlq /programs \
 && rm -r target

FROM nginx:1.28-bookworm AS gateway
COPY --from=build /programs/gateway-agent /usr/local/bin/
RUN install --directory --owner=nginx --group=nginx /var/lib/gateway
ENV GATEWAY_DIR=/var/lib/gateway GATEWAY_PORT=8080 ACCESS_LOG=/dev/stdout ERROR_LOG=/dev/stderr
USER nginx
WORKDIR /var/lib/gateway
EXPOSE 8080
# Nginx's image asks for SIGQUIT, which is nothing to the agent.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["gateway-agent", "--health"]
ENTRYPOINT ["gateway-agent"]
CMD []

FROM debian:bookworm-slim AS service
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates openssl \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --system --uid 10001 --home-dir /var/lib/shop shop \
 && install --directory --owner=shop /var/lib/shop /var/lib/shop/jwt-keys /var/lib/shop/mail
ARG SERVICE
# `dlq` is for whoever has to look after dead letters: `docker-compose exec order-service dlq list order-events`.
COPY --from=build /programs/$SERVICE /programs/dlq /usr/local/bin/
RUN ln -s "${SERVICE:?say which: --build-arg SERVICE=order-service}" /usr/local/bin/service
USER 10001
WORKDIR /var/lib/shop
HEALTHCHECK --interval=10s --timeout=5s --start-period=180s CMD ["service", "--health"]
ENTRYPOINT ["service"]
