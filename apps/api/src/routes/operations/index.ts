import { prune } from '@bitkiln/lifecycle';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { callerName } from '../../caller-name.ts';
import { auditEntry, auditQuery } from '../../schemas/audit.ts';
import { object } from '../../schemas/fields.ts';
import { page } from '../../schemas/page.ts';
import { problems } from '../../schemas/problem.ts';
import { pruneReport, pruneRequest } from '../../schemas/prune.ts';

const tags = ['operations'];
const dayMs = 86_400_000;

/** A request is not kept waiting for more than this many experiments. */
const most = { prune: 100, tell: 1000 } as const;

export const operationRoutes: FastifyPluginAsyncZod = async (app) => {
  app.post(
    '/prune',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        summary: 'Remove old checkpoints or experiments',
        querystring: object({}),
        body: pruneRequest,
        response: { 200: pruneReport, ...problems(400, 413, 415) },
      },
    },
    async (request) => {
      const { what, olderThanDays, keep, dryRun } = request.body;
      const rules = {
        what,
        olderThanMs: olderThanDays * dayMs,
        keep,
        dryRun,
        most: dryRun ? most.tell : most.prune,
      };
      const { pruned, complete } = await prune(app.database, rules, callerName(request));
      return {
        dryRun,
        complete,
        experiments: pruned.map((entry) => ({ ...entry, finishedAt: entry.finishedAt.toISOString() })),
        bytes: pruned.reduce((sum, { bytes }) => sum + bytes, 0),
      };
    },
  );

  app.get(
    '/audit',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'Who changed what, newest first',
        querystring: auditQuery,
        response: { 200: page(auditEntry), ...problems(400) },
      },
    },
    async ({ query: { experiment, limit, cursor } }) => app.audit.list(experiment, limit, cursor),
  );
};
