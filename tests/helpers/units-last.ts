import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Nothing says how long a file takes before it has run once, and its size says little: a short file may listen to a minute of sound. What
 * is quick for certain runs last, so that no worker ends long after the other.
 */
export class UnitsLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    const isUnit = ({ moduleId }: TestSpecification) => moduleId.includes('/tests/unit/');
    // A project stays together: a worker that has loaded modules for it is ended before a file of another one.
    return projects.flatMap((project) => {
      const own = sorted.filter((file) => file.project === project);
      return [...own.filter((file) => !isUnit(file)), ...own.filter(isUnit)];
    });
  }
}
