import { createHash } from 'node:crypto';
import { unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { tiny } from '../../helpers/bodies.ts';
import { modelH5, modelJson, runToWinner } from '../../helpers/synthetic-run.ts';
import { buildTestApp, get, post } from '../../helpers/test-app.ts';

const { app, database } = await buildTestApp();
const id: string = (await post(app, '/experiments', tiny)).body.id;
const download = (query: string) => app.inject({ url: `/experiments/${id}/best/export?${query}` });

test('without a winner there is nothing to export, and the state says why', async () => {
  const reply = await get(app, `/experiments/${id}/best/export?target=c99`);
  expect(reply.status).toBe(409);
  expect(reply.body).toMatchObject({ type: 'urn:problem-type:bitkiln:no-winner', state: 'queued' });
  await runToWinner(database, id);
});

test('C comes as an archive with one header and one source', async () => {
  const reply = await download('target=c99');
  expect(reply.statusCode).toBe(200);
  expect(reply.headers['content-type']).toBe('application/zip');
  expect(reply.headers['content-disposition']).toMatch(/^attachment; filename="[\w-]+\.c99\.zip"$/);
  const sha256 = createHash('sha256').update(reply.rawPayload).digest('hex');
  expect(reply.headers.etag).toBe(`"${sha256}"`);
  const names = Object.keys(unzipSync(reply.rawPayload));
  expect(names.filter((name) => !name.includes('/'))).toHaveLength(2);
  expect((await download('target=c99')).rawPayload.equals(reply.rawPayload)).toBe(true);
});

test('firmware keeps its weights where it is asked to', async () => {
  const ram = unzipSync((await download('target=avr')).rawPayload);
  const flash = unzipSync((await download('target=avr&weights=flash')).rawPayload);
  expect(Object.keys(ram)).toContain('Makefile');
  expect(JSON.stringify(ram)).not.toBe(JSON.stringify(flash));
});

test('Keras and JSON are the stored files themselves', async () => {
  expect((await download('target=keras')).rawPayload.equals(modelH5)).toBe(true);
  expect((await download('target=json')).rawPayload.equals(modelJson)).toBe(true);
});

test('an ONNX file names its operators', async () => {
  expect((await download('target=onnx')).rawPayload.includes('QuantizeLinear')).toBe(true);
});

test.each([
  ['', '/target'],
  ['target=rust', '/target'],
  ['target=c99&strategy=spiral', '/strategy'],
  ['target=avr&weights=tape', '/weights'],
])('%j is refused with the field', async (query, field) => {
  const reply = await download(query);
  expect(reply.statusCode).toBe(400);
  expect(reply.json().errors[0]).toMatchObject({ in: 'query', field });
});
