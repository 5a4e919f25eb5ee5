# The service alone, as one image; `docker compose up -d` adds what it stands on. docs/operations.md tells how to run it.
FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt /tmp/
RUN python -m venv /srv/panzoto/.venv \
 && /srv/panzoto/.venv/bin/pip install --no-cache-dir --no-compile --require-hashes -r /tmp/requirements.txt

# What development adds: the embedded AWS. It is never part of the service's image.
FROM python:3.11-slim-bookworm AS aws
COPY requirements-dev.txt /tmp/
RUN python -m venv /srv/panzoto/.venv \
 && /srv/panzoto/.venv/bin/pip install --no-cache-dir --no-compile --require-hashes -r /tmp/requirements-dev.txt
USER 10001:10001
EXPOSE 4566
CMD ["/srv/panzoto/.venv/bin/python", "-m", "ministack"]

FROM python:3.11-slim-bookworm AS service
WORKDIR /srv/panzoto
COPY --from=packages /srv/panzoto/.venv .venv
COPY config.py env.py formats.py gunicorn.conf.py limits.py providers.py wsgi.py ./
COPY migrations migrations
COPY panzoto panzoto
USER 10001:10001
ENV BIND=0.0.0.0 TRUSTED_PROXIES=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/srv/panzoto/.venv/bin:$PATH \
    GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=8388608:glibc.malloc.trim_threshold=33554432
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "from os import environ; from urllib.request import urlopen; urlopen(f'http://127.0.0.1:{environ.get(\"PORT\", 5000)}/healthz', timeout=2)"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
