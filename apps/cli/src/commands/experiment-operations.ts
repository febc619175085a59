import { Command } from 'commander';
import { ApiError } from '../client/api-client.ts';
import type { DiskUsage, Experiment, TrialDetail } from '../client/replies.ts';
import { byteSize } from '../display/format.ts';
import { type AccessOptions, accessOptions, clientOf, jsonOption, parseId } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { describeTrial } from './trial-operations.ts';

type Options = AccessOptions & { readonly json?: true };

/** `bitkiln cancel|pause|resume ID`: repeated, they change nothing. */
export function experimentCommands(): Command[] {
  return [
    experimentCommand('cancel', 'end an experiment and all of its trials', ({ state }) =>
      state === 'cancelled' ? 'is cancelled' : `is over: it ${state}`,
    ),
    experimentCommand(
      'pause',
      'hold an experiment still: running trials end their epoch and are handed back',
      ({ pausedAt }) => `is paused since ${pausedAt}; go on with: npx bitkiln resume ID`,
    ),
    experimentCommand('resume', 'let a paused experiment go on', ({ state }) => `goes on (${state})`),
    retryCommand(),
    deleteCommand(),
    diskCommand(),
  ];
}

function experimentCommand(
  name: string,
  description: string,
  outcome: (experiment: Experiment) => string,
): Command {
  return accessOptions(new Command(name))
    .description(description)
    .argument('<id>', 'the experiment', parseId)
    .addOption(jsonOption())
    .action(async (id: string, { json, ...options }: Options) => {
      const experiment = await clientOf(options).send<Experiment>('POST', `/experiments/${id}/${name}`);
      if (json) console.log(JSON.stringify(experiment));
      else console.log(`experiment ${id} ${outcome(experiment).replace('ID', id)}`);
    });
}

/** `bitkiln retry ID`: a trial that was given up, or an experiment whose winner could not be evaluated. */
function retryCommand(): Command {
  return accessOptions(new Command('retry'))
    .description('try a failed trial again, or the evaluation of a winner that failed')
    .argument('<id>', 'the trial, or the experiment', parseId)
    .addOption(jsonOption())
    .action(async (id: string, { json, ...options }: Options) => {
      const client = clientOf(options);
      try {
        const trial = await client.send<TrialDetail>('POST', `/trials/${id}/retry`);
        console.log(json ? JSON.stringify(trial) : describeTrial(trial));
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
        const experiment = await client.send<Experiment>('POST', `/experiments/${id}/retry`);
        console.log(json ? JSON.stringify(experiment) : `experiment ${id} goes on (${experiment.state})`);
      }
    });
}

/** `bitkiln delete ID --yes`: removes all that there is of an experiment. */
function deleteCommand(): Command {
  return accessOptions(new Command('delete'))
    .description('remove an experiment with its trials, checkpoints and model files, for good')
    .argument('<id>', 'the experiment', parseId)
    .option('--yes', 'really')
    .addOption(jsonOption())
    .action(async (id: string, { json, yes, ...options }: Options & { readonly yes?: true }) => {
      if (!yes) throw new UsageError(`delete removes experiment ${id} for good; say --yes to mean it`);
      await clientOf(options).send('DELETE', `/experiments/${id}`);
      console.log(json ? JSON.stringify({ experimentId: id, deleted: true }) : `experiment ${id} is deleted`);
    });
}

/** `bitkiln disk ID`: what an experiment takes in the database. */
function diskCommand(): Command {
  return accessOptions(new Command('disk'))
    .description('count the bytes that an experiment takes in the database')
    .argument('<id>', 'the experiment', parseId)
    .addOption(jsonOption())
    .action(async (id: string, { json, ...options }: Options) => {
      const usage = await clientOf(options).get<DiskUsage>(`/experiments/${id}/disk-usage`);
      if (json) {
        console.log(JSON.stringify(usage));
        return;
      }
      const rows = [
        ...usage.checkpoints.map(
          ({ kind, count, bytes }) => [`${count} ${kind} checkpoints`, bytes] as const,
        ),
        ['model files', usage.modelBytes] as const,
        [`${usage.epochs.count} epochs`, usage.epochs.bytes] as const,
        [`${usage.events.count} events`, usage.events.bytes] as const,
        ['in all', usage.totalBytes] as const,
      ];
      for (const [what, bytes] of rows) console.log(`${byteSize(bytes).padStart(12)}  ${what}`);
    });
}
