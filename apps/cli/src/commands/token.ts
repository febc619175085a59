import type { Database } from '@bitkiln/lifecycle';
import {
  createToken,
  listTokens,
  type NewToken,
  readToken,
  revokeToken,
  type TokenRole,
  tokenRoles,
} from '@bitkiln/lifecycle/tokens';
import { Command, InvalidArgumentError, Option } from 'commander';
import { jsonOption } from '../options.ts';
import { homeDirectory } from '../service/home.ts';
import { UsageError } from '../usage-error.ts';

/** `bitkiln token`: makes, lists and ends API tokens, in the database itself; no service need run. */
export function tokenCommand(): Command {
  const command = new Command('token').description(
    'make, list and revoke API tokens, in the database of DATABASE_URL or else the embedded one',
  );
  for (const part of [createCommand(), listCommand(), revokeCommand()])
    command.addCommand(part.exitOverride());
  return command;
}

interface CreateOptions {
  readonly role: TokenRole;
  readonly name?: string;
  readonly expires?: NewToken['expires'];
  readonly json?: true;
}

function createCommand(): Command {
  return new Command('create')
    .description('print a new token, once: the database keeps no more than its SHA-256')
    .addOption(
      new Option('--role <role>', 'read: look; submit: also start and cancel; admin: everything')
        .choices(tokenRoles)
        .makeOptionMandatory(),
    )
    .option('--name <name>', 'who or what holds it; the role where left out', parseName)
    .option('--expires <when>', 'such as 12h, 30d or 2030-01-31T12:00Z; never where left out', parseExpiry)
    .addOption(jsonOption())
    .action(async ({ role, name = role, expires = null, json }: CreateOptions) => {
      const { id, token, expiresAt } = await withDatabase((database) =>
        createToken(database, { role, name, expires }),
      );
      if (json) {
        console.log(JSON.stringify({ id, token, role, name, expiresAt }));
        return;
      }
      // Standard output holds the token alone, for a shell variable.
      console.log(token);
      const end = expiresAt === null ? 'does not expire' : `expires ${expiresAt.toISOString()}`;
      console.error(`token ${id} (${name}) has the role ${role} and ${end}; it can't be shown again`);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('print every token with its role, state and last use')
    .addOption(jsonOption())
    .action(async ({ json }: { readonly json?: true }) => {
      const tokens = await withDatabase(listTokens);
      if (json) {
        console.log(JSON.stringify(tokens));
        return;
      }
      for (const { id, role, name, state, createdAt, expiresAt, lastUsedAt } of tokens) {
        console.log(
          `${id}  ${role.padEnd(6)}  ${state.padEnd(7)}  made ${time(createdAt)}  expires ${time(expiresAt)}  ` +
            `last used ${time(lastUsedAt)}  ${name}`,
        );
      }
      if (tokens.length === 0) console.error('there are no tokens yet');
    });
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('end a token at once and for good; it stays on the list')
    .argument('<token>', 'its id, or the token itself')
    .addOption(jsonOption())
    .action(async (text: string, { json }: { readonly json?: true }) => {
      const id = readToken(text)?.id ?? text;
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) {
        throw new UsageError('revoke takes a token or the id that `bitkiln token list` shows, a UUID');
      }
      const { revoked, revokedAt } = await withDatabase((database) => revokeToken(database, id));
      if (json) console.log(JSON.stringify({ id, revoked, revokedAt }));
      else console.log(`token ${id} ${revoked ? 'is' : 'was already'} revoked (${revokedAt.toISOString()})`);
    });
}

async function withDatabase<T>(run: (database: Database) => Promise<T>): Promise<T> {
  const { findDatabase } = await import('../service/find-database.ts');
  const { connectDatabase, migrate } = await import('@bitkiln/lifecycle');
  const found = await findDatabase(homeDirectory());
  try {
    // A token is often the first thing that a new database gets.
    await migrate(found.url);
    const database = await connectDatabase(found.url, { poolSize: 1 });
    try {
      return await run(database);
    } finally {
      await database.close();
    }
  } finally {
    await found.leave();
  }
}

function parseName(text: string): string {
  if (/^[^\p{Cc}\p{Cs}]{1,200}$/u.test(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 200 characters without control characters.');
}

const secondsOf: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

function parseExpiry(text: string): NewToken['expires'] {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined && Number(count) > 0) {
    return { inSeconds: Number(count) * secondsOf[unit]! };
  }
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (at.getTime() > Date.now()) return { at };
  throw new InvalidArgumentError('Expected minutes, hours or days such as 90m, 12h, 30d, or a time to come.');
}

function time(date: Date | null): string {
  return date === null ? 'never' : date.toISOString().slice(0, 16).replace('T', ' ');
}
