# syntax=docker/dockerfile:1

# Both base images are named by tag. A release build pins each one by digest: name:tag@sha256:...
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=v0.1.0 .

# The bundle is the same for every platform, so it is built once, on the builder's own platform.
FROM --platform=$BUILDPLATFORM node:26-trixie-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc setup.mjs ./
RUN node setup.mjs
COPY scripts scripts
COPY src src
# The kubectl plugin is not needed in the image.
RUN npm run build && rm dist/kubectl*

# This image has only Node and the libraries it needs, including libatomic: no shell, no package manager. This stage runs
# no commands, so the build needs no emulation for the other platform.
FROM gcr.io/distroless/nodejs26-debian13:nonroot
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="kube-vip-cloud-provider" \
      org.opencontainers.image.description="Gives Kubernetes Services of type LoadBalancer an address from your own pools" \
      org.opencontainers.image.source="https://github.com/kube-vip/kube-vip-cloud-provider" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs26-debian13:nonroot"
COPY LICENSE /app/LICENSE
COPY --from=build /src/dist/ /app/
# Deployments of the Go version use this path as their command.
COPY --chmod=0755 deploy/image/kube-vip-cloud-provider /kube-vip-cloud-provider
# The default, 16 MiB, would stay resident three times over after the first burst.
ENV NODE_OPTIONS="--max-semi-space-size=2"
# Numeric, because `runAsNonRoot` cannot verify a user name.
USER 65532:65532
EXPOSE 10258
ENTRYPOINT ["/kube-vip-cloud-provider"]
