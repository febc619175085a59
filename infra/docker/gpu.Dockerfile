# The GPU worker. The TensorFlow that @tensorflow/tfjs-node-gpu 4.22 brings was built for CUDA 11 and cuDNN 8.
FROM node:20-bookworm-slim AS node

FROM nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04
COPY --from=node /usr/local/bin/ /usr/local/bin/
COPY --from=node /usr/local/lib/node_modules/ /usr/local/lib/node_modules/
ENV NODE_ENV=production
WORKDIR /app

COPY package.json package-lock.json .npmrc prisma.config.ts ./
COPY apps/api/package.json apps/api/
COPY apps/cli/package.json apps/cli/
COPY apps/cli/bin/ apps/cli/bin/
COPY apps/dashboard/package.json apps/dashboard/build.mjs apps/dashboard/
COPY apps/worker/package.json apps/worker/
COPY infra/package.json infra/
COPY infra/prisma/ infra/prisma/
COPY packages/core/package.json packages/core/
COPY packages/datasets/package.json packages/datasets/
COPY packages/firmware/package.json packages/firmware/
COPY packages/lifecycle/package.json packages/lifecycle/
COPY packages/trainer/package.json packages/trainer/
COPY prisma/ prisma/
# The addon's install script downloads half a gigabyte; where it has no binary for this Node it compiles one.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates g++ make python3 \
  && npm ci --omit=dev \
  && npm install --no-save --omit=dev @tensorflow/tfjs-node-gpu@4.22.0 \
  && npm cache clean --force \
  && rm -rf /var/lib/apt/lists/*

COPY . .
RUN useradd --create-home node && mkdir .bitkiln && chown node:node .bitkiln
VOLUME /app/.bitkiln
USER node
CMD ["node", "--import", "tsx", "apps/worker/src/main.ts", "--trainer", "tensor", "--backend", "node-gpu"]
