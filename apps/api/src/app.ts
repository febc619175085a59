import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import access, { type AccessOptions } from './plugins/app/access/access.ts';
import audit from './plugins/app/audit/audit-repository.ts';
import curves from './plugins/app/curves/curves-repository.ts';
import dashboard, { type DashboardOptions } from './plugins/app/dashboard/dashboard.ts';
import datasets, { type DatasetsOptions } from './plugins/app/datasets/datasets.ts';
import events, { type EventsOptions } from './plugins/app/events/events.ts';
import experiments from './plugins/app/experiments/experiments-repository.ts';
import summaries from './plugins/app/experiments/summary-repository.ts';
import accessLog from './plugins/app/http/access-log.ts';
import { answerClientError } from './plugins/app/http/client-error.ts';
import crossSite from './plugins/app/http/cross-site.ts';
import errors, { sendError } from './plugins/app/http/errors.ts';
import handlerTimeout, { type HandlerTimeoutOptions } from './plugins/app/http/handler-timeout.ts';
import jsonBody from './plugins/app/http/json-body.ts';
import methodNotAllowed from './plugins/app/http/method-not-allowed.ts';
import { requestId } from './plugins/app/http/request-id.ts';
import live, { type LiveOptions } from './plugins/app/live/live.ts';
import maintenance from './plugins/app/maintenance/maintenance.ts';
import lifeCycleMetrics from './plugins/app/metrics/life-cycle-metrics.ts';
import models from './plugins/app/models/models-repository.ts';
import selections from './plugins/app/selections/selections-repository.ts';
import testRuns from './plugins/app/test-runs/test-runs.ts';
import trials from './plugins/app/trials/trials-repository.ts';
import weights from './plugins/app/weights/weights-repository.ts';
import workers from './plugins/app/workers/workers-repository.ts';
import database, { type DatabaseOptions } from './plugins/external/database.ts';
import helmet from './plugins/external/helmet.ts';
import prometheus from './plugins/external/prometheus.ts';
import rateLimit, { type RateLimitOptions } from './plugins/external/rate-limit.ts';
import sse, { type SseOptions } from './plugins/external/sse.ts';
import swagger from './plugins/external/swagger.ts';
import zod from './plugins/external/zod.ts';
import { datasetRoutes } from './routes/datasets/index.ts';
import { bestRoutes } from './routes/experiments/best.ts';
import { checkRoutes } from './routes/experiments/check.ts';
import { curveRoutes } from './routes/experiments/curves.ts';
import { eventRoutes } from './routes/experiments/events.ts';
import { exportRoutes } from './routes/experiments/export.ts';
import { experimentRoutes } from './routes/experiments/index.ts';
import { experimentOperationRoutes } from './routes/experiments/operations.ts';
import { selectionRoutes } from './routes/experiments/selections.ts';
import { testRunRoutes } from './routes/experiments/test-run.ts';
import { liveRoutes } from './routes/live/index.ts';
import { operationRoutes } from './routes/operations/index.ts';
import { serviceRoutes } from './routes/service/index.ts';
import { sessionRoutes } from './routes/session/index.ts';
import { trialRoutes } from './routes/trials/index.ts';
import { trialOperationRoutes } from './routes/trials/operations.ts';
import { weightRoutes } from './routes/trials/weights.ts';
import { workerRoutes } from './routes/workers/index.ts';

/** Bytes of the largest body that is read: a network of 256 layers written out takes a tenth of it. */
const bodyLimitBytes = 256 * 1024;

export interface AppOptions
  extends DatabaseOptions,
    DashboardOptions,
    DatasetsOptions,
    EventsOptions,
    SseOptions,
    LiveOptions,
    HandlerTimeoutOptions,
    RateLimitOptions,
    AccessOptions {
  readonly logger?: FastifyServerOptions['logger'];
  readonly requestTimeoutMs?: number;
  readonly headersTimeoutMs?: number;
}

/** The service without a port: `server.ts` listens with it, tests inject into it. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: options.logger ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    bodyLimit: bodyLimitBytes,
    // A slow sender holds its socket no longer than this: all of its request, and before that its headers.
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    http: {
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      connectionsCheckingInterval: 1000,
    },
    connectionTimeout: 0,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    frameworkErrors: sendError,
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
  }).withTypeProvider<ZodTypeProvider>();

  for (const plugin of [zod, helmet, prometheus]) await app.register(plugin);
  await app.register(sse, options);
  await app.register(database, options);

  for (const plugin of [errors, accessLog, crossSite, jsonBody, methodNotAllowed]) await app.register(plugin);
  await app.register(rateLimit, options);
  await app.register(access, options);
  await app.register(handlerTimeout, options);
  await app.register(swagger);

  await app.register(datasets, options);
  for (const plugin of [experiments, summaries, trials, workers, models]) await app.register(plugin);
  for (const plugin of [audit, curves, selections, weights, testRuns]) await app.register(plugin);
  await app.register(events, options);
  await app.register(live, options);
  for (const plugin of [maintenance, lifeCycleMetrics]) await app.register(plugin);

  for (const routes of [
    experimentRoutes,
    experimentOperationRoutes,
    eventRoutes,
    bestRoutes,
    exportRoutes,
    checkRoutes,
    curveRoutes,
    selectionRoutes,
    testRunRoutes,
    weightRoutes,
    liveRoutes,
    trialRoutes,
    trialOperationRoutes,
    operationRoutes,
    workerRoutes,
    datasetRoutes,
    sessionRoutes,
    serviceRoutes,
  ]) {
    await app.register(routes);
  }
  await app.register(dashboard, options);
  app.refuseOtherMethods();
  return app;
}
