# The appliance as an image: the same program is the engine, the pages, the migration and the command line.
# docker-compose.yml and compose.sqlite.yaml say how it is run; docs/deploy.md says why.

FROM python:3.13.7-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# mypyc makes C of the modules that a packet passes most. Debian keeps one version of a package: none can be named.
# hadolint ignore=DL3008
RUN apt-get update -q \
    && apt-get install -qy --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
# What is fetched is named by its hash, the build's own tools included. These layers last until a lock changes.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-deps --only-binary :all: --require-hashes -r requirements-build.lock
RUN python -m venv --without-pip /opt/lessor \
    && /opt/build/bin/pip --python /opt/lessor/bin/python install \
        --no-deps --only-binary :all: --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY dhcpcore dhcpcore
COPY docs docs
COPY migrations migrations
COPY static static
COPY templates templates
RUN /opt/build/bin/python -m hatchling build -t wheel -d /wheels \
    && /opt/build/bin/pip --python /opt/lessor/bin/python install --no-deps --no-index /wheels/*.whl
COPY bootstrap/compile.py bootstrap/
RUN /opt/build/bin/python bootstrap/compile.py --python /opt/lessor/bin/python \
        --into "$(/opt/lessor/bin/python -P -c 'import dhcpcore.compiled; print(dhcpcore.compiled.FOLDER)')"

FROM python:3.13.7-slim-bookworm
# What installs packages is not needed any more, and would be of use to intruders alone.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/site-packages/pip* \
        /usr/local/lib/python3*/site-packages/setuptools* /usr/local/lib/python3*/ensurepip \
    && groupadd --gid 10001 lessor \
    && useradd --uid 10001 --gid lessor --home-dir /var/lib/lessor --no-create-home \
        --shell /usr/sbin/nologin lessor \
    && install -d -o lessor -g lessor -m 0750 /var/lib/lessor
COPY --from=build /opt/lessor /opt/lessor
ENV PATH=/opt/lessor/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LESSOR_STATE_DIR=/var/lib/lessor
LABEL org.opencontainers.image.title="Lessor" \
      org.opencontainers.image.description="A DHCP appliance that keeps every lease in SQL" \
      org.opencontainers.image.licenses="Apache-2.0"
VOLUME /var/lib/lessor
# The engine alone is started as root (user 0), opens its sockets and becomes this account again.
USER 10001:10001
WORKDIR /
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["lessor", "doctor", "--only", "engine"]
ENTRYPOINT ["lessor"]
CMD ["serve"]
