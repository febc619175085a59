import { type SpawnOptions, spawn } from 'node:child_process';

export interface CommandResult {
  /** Exit code; null where a signal ended the command. */
  readonly code: number | null;
  /** Standard output and error together. */
  readonly output: string;
}

/** Runs a command to its end. Rejects only where it can't be started. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'uid' | 'gid' | 'cwd' | 'env'> = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.once('error', reject);
    // A daemon may inherit the pipes and hold them open: the command's own exit is what counts.
    child.once('exit', (code) => {
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, output });
    });
  });
}
