# syntax=docker/dockerfile:1

# The web front end, which becomes a part of the program.
FROM node:20-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY web .
RUN npm run build

# Built with the compiler of rust-toolchain.toml, from the committed .sqlx: no database is needed.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
COPY --from=web /src/web/dist web/dist
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --bin madoguchi \
    && install -D target/release/madoguchi /out/madoguchi

# No PostgreSQL in here: the container takes DATABASE_URL. Certificates of public authorities are in the binary.
FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Madoguchi" \
      org.opencontainers.image.description="Case management for public consultation programmes" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/madoguchi --shell /usr/sbin/nologin madoguchi \
    && install --directory --owner=madoguchi --group=madoguchi --mode=0700 /var/lib/madoguchi
COPY --from=build /out/madoguchi /usr/local/bin/madoguchi
USER madoguchi
# Attachments, and secrets where none are given.
VOLUME /var/lib/madoguchi
ENV MADOGUCHI_DATA_DIR=/var/lib/madoguchi \
    MADOGUCHI_LISTEN=0.0.0.0:8080 \
    MADOGUCHI_LOG_FORMAT=json
EXPOSE 8080
# Whether the process answers; whether it is of use (database, migrations) is /readyz, which balancers ask.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && head --lines=1 <&3 | grep --quiet ' 200'"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["madoguchi"]
CMD ["serve"]
