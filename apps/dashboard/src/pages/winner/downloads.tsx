import type { Winner } from '../../api/types.ts';
import { compact } from '../../format/format.ts';

export function Downloads({ winner }: { readonly winner: Winner }) {
  const { json, h5 } = winner.models;
  return (
    <div class="page-actions">
      <a class="button primary" href={json.href} download="">
        model.json <small>{compact(json.sizeBytes)} bytes</small>
      </a>
      <a class="button" href={h5.href} download="">
        model.h5 <small>{compact(h5.sizeBytes)} bytes</small>
      </a>
    </div>
  );
}
