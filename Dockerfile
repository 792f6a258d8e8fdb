# The images of all services and of the gateway, from one build of the workspace:
#   docker build --target service --build-arg SERVICE=order-service .
#   docker build --target gateway .
#   docker build --target backup .

# What cargo needs to build the dependencies: every manifest, and an empty program in the place of each of ours (a
# `build.rs` too, because what it depends on is compiled for its sake). It stays the same, and with it the layer below,
# until a manifest changes.
FROM rust:1.95-bookworm AS skeleton
WORKDIR /shop
COPY . .
RUN find . -type f ! -name Cargo.toml ! -name Cargo.lock ! -name build.rs ! -name main.rs ! -name lib.rs \
      ! -path '*/src/bin/*.rs' -delete \
 && find . -type d -empty -delete \
 && for file in $(find . -name '*.rs'); do echo 'fn main() {}' > "$file"; done

FROM rust:1.95-bookworm AS build
WORKDIR /shop
ENV CARGO_TERM_PROGRESS_WHEN=never
COPY --from=skeleton /shop .
RUN cargo build --release --locked --workspace --exclude xtask --exclude bench --exclude system-tests --bins
# No more than what the programs are made of: a changed test or a changed command of xtask compiles nothing here.
COPY api-gateway api-gateway
COPY config config
COPY discovery-service discovery-service
COPY services services
# Cargo goes by the files' times, and ours are older than the empty ones were. Those that the dependencies made for
# themselves stay as they are.
RUN find api-gateway config discovery-service services -name '*.rs' -exec touch {} + \
 && cargo build --release --locked --workspace --exclude xtask --exclude bench --exclude system-tests --bins \
 && mkdir /programs \
 && for service in target/release/*-service; do \
      mkdir "/programs/${service##*/}" && cp "$service" target/release/dlq "/programs/${service##*/}" || exit; \
    done \
 && cp target/release/failed-payments /programs/payment-service \
 && cp target/release/gateway-agent target/release/backup /programs \
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

# What copies the databases and brings them back. A part of that is done by MySQL's own client.
FROM debian:bookworm-slim AS backup
RUN apt-get update \
 && apt-get install --yes --no-install-recommends mariadb-client \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --system --uid 10001 --home-dir /backups shop \
 && install --directory --owner=shop /backups
COPY --from=build /programs/backup /usr/local/bin/
USER 10001
WORKDIR /backups
ENTRYPOINT ["backup"]

FROM debian:bookworm-slim AS service
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates openssl \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --system --uid 10001 --home-dir /var/lib/shop shop \
 && install --directory --owner=shop /var/lib/shop /var/lib/shop/jwt-keys /var/lib/shop/mail
ARG SERVICE
# Beside it are the tools of whoever looks after it: `docker-compose exec order-service dlq list order-events`, and
# payment-service's `failed-payments`.
COPY --from=build /programs/$SERVICE /usr/local/bin/
RUN ln -s "${SERVICE:?say which: --build-arg SERVICE=order-service}" /usr/local/bin/service
# What a busy start has used stays free in each of glibc's arenas; it would have eight for every processor.
ENV MALLOC_ARENA_MAX=2
USER 10001
WORKDIR /var/lib/shop
HEALTHCHECK --interval=10s --timeout=5s --start-period=180s CMD ["service", "--health"]
ENTRYPOINT ["service"]
