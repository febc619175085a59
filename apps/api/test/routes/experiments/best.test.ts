import { createHash } from 'node:crypto';
import { selectByZScore } from '@bitkiln/core';
import { expect, test } from 'vitest';
import { referenceWithBits, tiny } from '../../helpers/bodies.ts';
import { dataHash, figuresOf, modelH5, modelJson, runToWinner } from '../../helpers/synthetic-run.ts';
import { buildTestApp, get, post, send } from '../../helpers/test-app.ts';

const { app, database } = await buildTestApp();
const id: string = (await post(app, '/experiments', { ...tiny, name: 'Über "tiny"/../x' })).body.id;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('there is no winner before the end, and the state says why', async () => {
  for (const path of ['best', 'best/model.json', 'best/model.h5']) {
    const reply = await get(app, `/experiments/${id}/${path}`);
    expect(reply.status).toBe(409);
    expect(reply.body).toMatchObject({ type: 'urn:problem-type:bitkiln:no-winner', state: 'queued' });
  }
});

test('the winner comes with its figures, the runner-up and the rule', async () => {
  await runToWinner(database, id);
  const trials = (await get(app, `/experiments/${id}/trials?stage=frozenScales`)).body.items;
  const last = [0, 1, 2].map((index) => figuresOf(index, 1));
  const expected = selectByZScore(
    last.map(({ loss, correct }) => ({ checkpointValLoss: loss, checkpointValAccuracy: correct / 10_000 })),
    10_000,
  );
  const winner = last[expected.index]!;
  const second = last[expected.runnerUp!]!;
  const { status, body } = await get(app, `/experiments/${id}/best`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    experimentId: id,
    trialId: trials[expected.index].id,
    index: expected.index,
    network: referenceWithBits,
    strategy: 'herringbone',
    budgetBytes: 2048,
    weightBytes: 1512.5,
    activationBytes: 434.5,
    totalBytes: 1947,
    validationLoss: winner.loss,
    validationAccuracy: winner.correct / 10_000,
    validationCorrect: winner.correct,
    validationTotal: 10_000,
    testAccuracy: 0.9876,
    testCorrect: 9876,
    testTotal: 10_000,
    score: expected.scores[expected.index],
    runnerUp: {
      trialId: trials[expected.runnerUp!].id,
      index: expected.runnerUp,
      validationLoss: second.loss,
      validationAccuracy: second.correct / 10_000,
      score: expected.scores[expected.runnerUp!],
    },
    reason: expected.reason,
    selection: { rule: 'z-score', stage: 'frozenScales', images: 10_000, weight: expected.weight },
    provenance: {
      experimentId: id,
      trialId: trials[expected.index].id,
      seeds: { experiment: 7, stage: 'frozenScales', trial: expected.index },
      numericsId: 'tensor/1/backend=cpu',
      reproducible: true,
      dataHash,
      version: '0.0.0-test',
    },
    models: {
      json: {
        href: `/experiments/${id}/best/model.json`,
        sizeBytes: modelJson.length,
        sha256: sha256(modelJson),
      },
      h5: { href: `/experiments/${id}/best/model.h5`, sizeBytes: modelH5.length, sha256: sha256(modelH5) },
    },
  });
  expect(body.selection.scores.map(({ score }: { score: number }) => score)).toEqual(expected.scores);
  expect(body.selection.details).toMatchObject({
    samplingDeviation: expected.samplingDeviation,
    residualDeviation: expected.residualDeviation,
    line: expected.line,
  });
});

test('the experiment and its listing show the winner in brief', async () => {
  const best = (await get(app, `/experiments/${id}/best`)).body;
  const brief = {
    trialId: best.trialId,
    validationLoss: best.validationLoss,
    validationAccuracy: best.validationAccuracy,
    testAccuracy: 0.9876,
    score: best.score,
    totalBytes: 1947,
  };
  const experiment = (await get(app, `/experiments/${id}`)).body;
  expect(experiment).toMatchObject({ state: 'succeeded', progress: 1, secondsLeft: 0, winner: brief });
  expect((await get(app, '/experiments')).body.items[0].winner).toEqual(brief);
});

test.each([
  ['json', modelJson, 'application/json'],
  ['h5', modelH5, 'application/x-hdf5'],
])('model.%s is the file as it was recorded, under a safe name', async (format, bytes, type) => {
  const url = `/experiments/${id}/best/model.${format}`;
  const response = await app.inject({ method: 'GET', url });
  expect(response.statusCode).toBe(200);
  expect(response.rawPayload).toEqual(bytes);
  expect(response.headers['content-type']).toContain(type);
  expect(response.headers.etag).toBe(`"${sha256(bytes)}"`);
  const best = (await get(app, `/experiments/${id}/best`)).body;
  expect(response.headers['content-disposition']).toBe(
    `attachment; filename="u-ber-tiny-x-trial-${best.index}-${id}.${format}"`,
  );
  const etag = String(response.headers.etag);
  for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await app.inject({ method: 'GET', url, headers: { 'if-none-match': header } });
    expect(again.statusCode).toBe(304);
    expect(again.rawPayload).toHaveLength(0);
  }
  expect((await app.inject({ method: 'GET', url, headers: { 'if-none-match': '"other"' } })).statusCode).toBe(
    200,
  );
  const head = await send(app, { method: 'HEAD', url });
  expect(head.status).toBe(200);
  expect(head.headers['content-length']).toBe(String(bytes.length));
});

test('a cancelled experiment has no winner either', async () => {
  const other = (await post(app, '/experiments', tiny)).body.id;
  await post(app, `/experiments/${other}/cancel`, {});
  const reply = await get(app, `/experiments/${other}/best`);
  expect(reply.status).toBe(409);
  expect(reply.body.state).toBe('cancelled');
});
