import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { type ApiClient, createApiClient } from '../client/api-client.ts';
import { isOver } from '../client/follow.ts';
import { readJsonFile } from '../input-file.ts';
import { jsonOption, tokenOption } from '../options.ts';
import { homeDirectory } from '../service/home.ts';
import { type ServiceOptions, serviceOptions } from '../service/options.ts';
import { untilSignal } from '../service/signals.ts';
import { reportWinner, watchExperiment } from '../watch-experiment.ts';

interface LastRun {
  readonly bodyHash: string;
  readonly experimentId: string;
}

interface RunOptions extends ServiceOptions {
  readonly exit?: true;
  readonly token?: string;
  readonly json?: true;
}

/** `bitkiln run FILE`: the whole service on this host, one experiment from submission to winner. */
export function runCommand(): Command {
  return serviceOptions(new Command('run'))
    .description('start the service on this host, run an experiment to its winner, and stay up')
    .argument('<file>', 'the experiment as JSON, as POST /experiments takes it')
    .option('--exit', 'stop the service after the winner')
    .addOption(tokenOption())
    .addOption(jsonOption())
    .action(run);
}

async function run(file: string, { exit, json, token, ...options }: RunOptions): Promise<void> {
  const body = readJsonFile(file);
  const stopping = new AbortController();
  const stopSignal = untilSignal().then(() => stopping.abort());
  const { startService } = await import('../service/service.ts');
  const service = await startService({ ...options, say: (line) => console.error(line) });
  try {
    const client = createApiClient(service.url, token);
    const id = await submitOrGoOn(client, body);
    await watchExperiment(client, id, stopping.signal);
    await reportWinner(client, id, json === true);
    if (exit) return;
    console.error('\nstaying up; Ctrl-C stops it');
    await stopSignal;
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    console.error('interrupted; what was trained is kept, and the next start goes on from there');
    process.exitCode = 130;
  } finally {
    await service.stop();
  }
}

/** The same experiment that an earlier run left unfinished goes on, instead of a twin beside it. */
async function submitOrGoOn(client: ApiClient, body: unknown): Promise<string> {
  const file = join(homeDirectory(), 'last-run.json');
  const bodyHash = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const last = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LastRun) : null;
  if (last?.bodyHash === bodyHash) {
    const unfinished = (await client.newestExperiments(50)).find(({ id }) => id === last.experimentId);
    if (unfinished !== undefined && !isOver(unfinished)) {
      console.error(`going on with experiment ${unfinished.id}, left unfinished by an earlier run`);
      return unfinished.id;
    }
  }
  const { id, network } = await client.submit(body);
  writeFileSync(file, JSON.stringify({ bodyHash, experimentId: id } satisfies LastRun));
  console.error(`experiment ${id}: ${network}`);
  return id;
}
