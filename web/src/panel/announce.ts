/** Spoken announcements of new decisions, for those who do not look at the screen. */
import { className, countdown, parseTime } from '../format';
import type { Store } from '../store';
import type { WarningRow } from '../types';
import { byId } from './dom';

export function announceDecisions(store: Store, nowMs: () => number): void {
  const urgent = byId('announce-alert');
  const calm = byId('announce-calm');
  store.on('decision', () => {
    const row = store.lastDecision;
    if (!row || row.action === 'update') return;
    const place = row.action === 'issue' && row.stage === 'alert' ? urgent : calm;
    place.textContent = sentence(row, nowMs());
  });
}

export function sentence(row: WarningRow, nowMs: number): string {
  if (row.action === 'clear') return `All clear: ${row.zone_name}.`;
  if (row.action === 'cancel') return `Warning cancelled: ${row.zone_name}.`;
  const kind = row.stage === 'alert' ? 'Alert' : 'Pre-alert';
  const arrival = parseTime(row.arrival_p50);
  const left = countdown(arrival, nowMs);
  const when = arrival === null ? '' : left.late ? ', due now' : `, in ${left.text} minutes`;
  return `${kind}: ${row.zone_name}, ${className(row.threat_class).toLowerCase()}${when}.`;
}
