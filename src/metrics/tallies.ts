import { Counter, Gauge, type Registry } from 'prom-client';

/** One value of a metric, under its labels. */
export interface Sample<L extends string> {
  readonly labels: Readonly<Record<L, string>>;
  readonly value: number | null;
}

/** A metric that is looked up when somebody scrapes, and costs nothing until then. */
export interface Looked<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
  /** Null values are left out. */
  readonly look: () => readonly Sample<L>[] | Promise<readonly Sample<L>[]>;
}

/** A value that goes up and down. */
export function gauge<L extends string>(registry: Registry, { name, help, labels, look }: Looked<L>): void {
  const metric: Gauge = new Gauge({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect: async () => {
      const samples = await look();
      metric.reset();
      for (const { labels: of, value } of samples) if (value !== null) metric.set(of, value);
    },
  });
}

/** A count that somebody else keeps, and that only grows: told as a counter, so that its rate can be asked for. */
export function counter<L extends string>(registry: Registry, { name, help, labels, look }: Looked<L>): void {
  const metric: Counter = new Counter({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect: async () => {
      const samples = await look();
      metric.reset();
      for (const { labels: of, value } of samples) if (value !== null) metric.inc(of, value);
    },
  });
}
