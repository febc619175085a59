import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { TrialDetail } from '../client/replies.ts';
import { stageTitle } from '../display/format.ts';
import { type AccessOptions, accessOptions, clientOf, jsonOption, parseId } from '../options.ts';

type Options = AccessOptions & { readonly json?: true };

/** `bitkiln restart|repeat|invalidate TRIAL`. */
export function trialCommands(): Command[] {
  return [restartCommand(), repeatCommand(), invalidateCommand()];
}

function restartCommand(): Command {
  return accessOptions(new Command('restart'))
    .description('start a waiting or failed trial from epoch 0, for any worker: its epochs are dropped')
    .argument('<trial>', 'the trial', parseId)
    .addOption(jsonOption())
    .action(async (id: string, { json, ...options }: Options) => {
      const trial = await clientOf(options).send<TrialDetail>('POST', `/trials/${id}/restart`);
      console.log(json ? JSON.stringify(trial) : describeTrial(trial));
    });
}

/** With `--wait` the exit code tells: 0 where the bytes are equal, 1 where they differ. */
function repeatCommand(): Command {
  return accessOptions(new Command('repeat'))
    .description('train a finished trial once more from the same seeds, and compare the bytes')
    .argument('<trial>', 'the trial', parseId)
    .option('--wait', 'until it has finished; exit code 1 where the bytes differ')
    .addOption(jsonOption())
    .action(async (id: string, { json, wait, ...options }: Options & { readonly wait?: true }) => {
      const client = clientOf(options);
      let trial = await client.send<TrialDetail>('POST', `/trials/${id}/repeat`);
      while (wait && ['queued', 'running', 'preempted'].includes(trial.state)) {
        await sleep(500);
        trial = await client.get<TrialDetail>(`/trials/${trial.id}`);
      }
      console.log(json ? JSON.stringify(trial) : describeTrial(trial));
      if (wait && trial.repeat?.equal !== true) process.exitCode = 1;
    });
}

function invalidateCommand(): Command {
  return accessOptions(new Command('invalidate'))
    .description('declare a trial invalid: it stays in the record, and out of every pick')
    .argument('<trial>', 'the trial', parseId)
    .requiredOption('--reason <text>', 'why; kept with the trial')
    .addOption(jsonOption())
    .action(async (id: string, { json, reason, ...options }: Options & { readonly reason: string }) => {
      const trial = await clientOf(options).send<TrialDetail>('POST', `/trials/${id}/invalidate`, { reason });
      console.log(json ? JSON.stringify(trial) : describeTrial(trial));
    });
}

/** How a trial stands, in a line. */
export function describeTrial(trial: TrialDetail): string {
  const { id, index, stage, state, epochsDone, epochsTotal, repeat, invalid } = trial;
  const name = `${repeat === null ? '' : 'repeat of '}trial ${index} of the ${stageTitle(stage)} stage`;
  const parts = [`${name} (${id}) is ${state} with ${epochsDone} of ${epochsTotal} epochs`];
  if (invalid !== null) parts.push(`it is invalid: ${invalid.reason}`);
  if (repeat?.equal === true) parts.push('it came to the same bytes');
  if (repeat?.equal === false) parts.push(`it came to other bytes: ${repeat.difference}`);
  if (trial.waiting?.for === 'resume') parts.push('its experiment is paused');
  else if (trial.waiting?.workers === 0) parts.push(lonely(trial));
  return parts.join('; ');
}

function lonely({ id, numericsId, repeat }: TrialDetail): string {
  if (numericsId === null) return 'no worker is online to take it';
  const wayOut = repeat === null ? `; start it afresh with: npx bitkiln restart ${id}` : '';
  return `no worker online has its numerics id ${numericsId}${wayOut}`;
}
