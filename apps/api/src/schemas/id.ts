import { z } from 'zod';
import { object } from './fields.ts';

/** The id of an experiment or a trial. */
export const id = z.uuid({ error: 'a UUID such as 0198c0de-0000-7000-8000-000000000000' });

export const idParams = object({ id });
