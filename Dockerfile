# Maestro with all requirements: it runs standalone, with PostgreSQL in the volume
# and Redis in memory, or with DATABASE_URL and REDIS_URL. `make image-test` builds
# and tries it; deploy/ has what runs it with others.
#
#   docker build -t maestro .
#   docker run -p 8000:8000 -v maestro:/var/lib/maestro maestro

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
# Python is unpacked and compiled at build time, not at each container's first start;
# with nokit the program does not have it a second time. Tk needs a display.
RUN go build -buildvcs=false -trimpath -tags nokit -ldflags "-s -w -X main.version=${VERSION}" -o /out/maestro ./cmd/maestro
RUN mkdir -p /opt/maestro \
    && home=$(go run -buildvcs=false -trimpath ./cmd/unpack /opt/maestro) \
    && rm -r "$home"/lib/libtcl* "$home"/lib/itcl* "$home"/lib/thread* "$home"/lib/python3.14/lib-dynload/_tkinter* \
    && ln -s "$home" /opt/maestro/home

FROM debian:bookworm-slim
# No default cluster is created: the server creates one in the volume. Left out are
# 180 MB of files that it does not use: PostgreSQL's compiler of queries, which works
# without it, the sources of locales, as databases are made with C.UTF-8, and Perl's
# headers, its tools for packages and its legacy encodings of Asian texts. Packages are not
# pinned: within a release Debian only publishes fixes.
# hadolint ignore=DL3008
RUN mkdir -p /etc/postgresql-common \
    && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf \
    && apt-get update \
    && apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold \
        -o Dpkg::Options::="--path-exclude=/usr/lib/*/libLLVM-*" \
        -o Dpkg::Options::="--path-exclude=/usr/lib/*/libz3.so.*" \
        -o Dpkg::Options::="--path-exclude=/usr/lib/postgresql/*/lib/bitcode/*" \
        -o Dpkg::Options::="--path-exclude=/usr/lib/postgresql/*/lib/llvmjit*" \
        -o Dpkg::Options::="--path-exclude=/usr/share/i18n/*" \
        -o Dpkg::Options::="--path-exclude=/usr/lib/*/perl/*/CORE/*" \
        -o Dpkg::Options::="--path-exclude=/usr/lib/*/perl/*/auto/Encode/[CJKT][NPRW]/*" \
        -o Dpkg::Options::="--path-exclude=/usr/lib/*/perl/*/auto/Unicode/Collate/*" \
        -o Dpkg::Options::="--path-exclude=/usr/share/perl/*/Unicode/Collate/*" \
        -o Dpkg::Options::="--path-exclude=/usr/share/perl/*/CPAN/*" \
        -o Dpkg::Options::="--path-exclude=/usr/share/perl/*/ExtUtils/*" \
        -o Dpkg::Options::="--path-exclude=/usr/share/perl/*/Module/CoreList*" \
        -o Dpkg::Options::="--path-exclude=/usr/share/perl/*/Pod/*" \
        ca-certificates postgresql tzdata \
    && rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt /var/cache/debconf/*-old \
    && groupadd --gid 10001 maestro \
    && useradd --no-create-home --uid 10001 --gid 10001 --home-dir /var/lib/maestro --shell /usr/sbin/nologin maestro \
    && install -d -o maestro -g maestro -m 700 /var/lib/maestro
COPY --from=build /opt/maestro /opt/maestro
COPY --from=build /out/maestro /usr/local/bin/maestro

ARG VERSION=container
LABEL org.opencontainers.image.title=Maestro \
      org.opencontainers.image.description="Cloud functions in Python, each call recorded in PostgreSQL" \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.version=${VERSION}

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
