# Maestro with all requirements: it runs standalone, with PostgreSQL in the volume
# and Redis in memory, or with DATABASE_URL and REDIS_URL.
#
#   docker build -t maestro .
#   docker run -p 8000:8000 -v maestro:/var/lib/maestro maestro

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN go build -buildvcs=false -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/maestro ./cmd/maestro
# Python is unpacked and compiled at build time, not at each container's first start.
RUN mkdir -p /opt/maestro \
    && home=$(go run -buildvcs=false ./cmd/unpack /opt/maestro) \
    && ln -s "$home" /opt/maestro/home

FROM debian:bookworm-slim
# No default cluster is created: the server creates one in the volume. Packages
# are not pinned: within a release Debian only publishes fixes.
# hadolint ignore=DL3008
RUN mkdir -p /etc/postgresql-common \
    && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf \
    && apt-get update \
    && apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold \
        ca-certificates postgresql tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/maestro --shell /usr/sbin/nologin maestro \
    && install -d -o maestro -g maestro -m 700 /var/lib/maestro
COPY --from=build /opt/maestro /opt/maestro
COPY --from=build /out/maestro /usr/local/bin/maestro

USER 10001
WORKDIR /var/lib/maestro
VOLUME /var/lib/maestro
ENV HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/var/lib/maestro \
    MAESTRO_PYTHON_HOME=/opt/maestro/home
EXPOSE 8000

# The image has no curl, so bash makes the request.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]

ENTRYPOINT ["maestro"]
CMD ["serve"]
