import { useEffect, useState } from 'preact/hooks';
import { onDeleted } from './service.ts';

/** Whether the experiment was deleted while the page is open; null is none. */
export function useDeleted(experimentId: string | null): boolean {
  const [deleted, setDeleted] = useState<string | null>(null);
  useEffect(() => onDeleted((id) => id === experimentId && setDeleted(id)), [experimentId]);
  return deleted !== null && deleted === experimentId;
}
