"""Run the suites of scripts/suites, two at a time where they allow it.

A suite's header may say `# alone` (nothing else runs meanwhile) and
`# limit: N` (minutes; 20 otherwise). Output goes to MESH_BUILD/logs and is
shown in full only when the suite fails.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.abspath(os.path.join(ROOT, os.environ.get('MESH_BUILD') or
                                     'build'))
SOURCE = os.path.join(BUILD, 'src')
LOGS = os.path.join(BUILD, 'logs')
CI = os.environ.get('CI') == 'true'
SUM = re.compile(r'^suite \S+: (\d+) checks, (\d+) failed$', re.M)
LEFT_OUT = {'.git', '.libs', '.deps', '__pycache__', 'autom4te.cache',
            'build-aux', 'build'}


class Suite:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        with open(path, encoding='utf-8') as file:
            text = file.read()
        self.alone = re.search(r'^# alone\b', text, re.M) is not None
        limit = re.search(r'^# limit: (\d+)', text, re.M)
        self.limit_s = 60 * int(limit.group(1) if limit else 20)
        self.checks = self.failed = 0
        self.verdict = 'FAILED'
        self.reason = ''
        self.seconds = 0

    @property
    def log(self):
        return os.path.join(LOGS, self.name + '.log')


def tracked():
    """The project's files as they are now, committed or not."""
    try:
        out = subprocess.run(['git', 'ls-files', '-co', '-z',
                              '--exclude-standard'], cwd=ROOT, check=True,
                             stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL).stdout
        names = [n for n in out.decode().split('\0') if n]
    except (OSError, subprocess.CalledProcessError):
        names = []
        for at, folders, files in os.walk(ROOT):
            folders[:] = [f for f in folders if f not in LEFT_OUT]
            names += [os.path.relpath(os.path.join(at, f), ROOT)
                      for f in files]
    return [n for n in names if os.path.isfile(os.path.join(ROOT, n))
            and not os.path.join(ROOT, n).startswith(BUILD + os.sep)]


def same(one, other):
    if not os.path.isfile(other):
        return False
    if os.stat(one).st_mode != os.stat(other).st_mode:
        return False
    with open(one, 'rb') as a, open(other, 'rb') as b:
        return a.read() == b.read()


def copy_source():
    """Bring SOURCE up to date; what did not change keeps its time, so that
    only what changed is built again. True when configure must be made."""
    names = set(tracked())
    listed = os.path.join(BUILD, 'src.files')
    old = set()
    if os.path.exists(listed):
        with open(listed, encoding='utf-8') as file:
            old = set(file.read().split('\n')) - {''}
    remake = not os.path.exists(os.path.join(SOURCE, 'configure'))
    for name in sorted(old - names):
        if os.path.exists(os.path.join(SOURCE, name)):
            os.remove(os.path.join(SOURCE, name))
    for name in sorted(names):
        target = os.path.join(SOURCE, name)
        if same(os.path.join(ROOT, name), target):
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(os.path.join(ROOT, name), target)
        shutil.copymode(os.path.join(ROOT, name), target)
        remake |= name.endswith(('.mk', '.am', '.ac', '.m4'))
    with open(listed, 'w', encoding='utf-8') as file:
        file.write('\n'.join(sorted(names)))
    return remake


def prepare():
    os.makedirs(LOGS, exist_ok=True)
    remake = copy_source()
    if not remake:
        return
    log = os.path.join(LOGS, 'bootstrap.log')
    with open(log, 'w', encoding='utf-8') as file:
        done = subprocess.run([os.path.join(SOURCE, 'scripts/bootstrap')],
                              stdin=subprocess.DEVNULL, stdout=file,
                              stderr=subprocess.STDOUT)
    if done.returncode:
        with open(log, encoding='utf-8') as file:
            sys.stdout.write(file.read())
        print('scripts/bootstrap failed\n0 passed, 1 failed')
        sys.exit(1)


def end(process):
    """The suite and whatever it left running are one process group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        time.sleep(0.2)


def run(suite, jobs):
    environment = dict(os.environ, MESH_SRC=SOURCE, MESH_BUILD=BUILD,
                       MESH_OUT=os.path.join(BUILD, suite.name),
                       MESH_JOBS=str(jobs))
    began = time.monotonic()
    late = False
    with open(suite.log, 'w', encoding='utf-8') as log:
        process = subprocess.Popen(
            ['sh', os.path.join(SOURCE, 'scripts/suites', suite.name)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            env=environment, start_new_session=True)
        try:
            code = process.wait(suite.limit_s)
        except subprocess.TimeoutExpired:
            late, code = True, 1
        end(process)
        process.wait()
    suite.seconds = time.monotonic() - began
    judge(suite, code, late)


def judge(suite, code, late):
    with open(suite.log, encoding='utf-8', errors='replace') as log:
        text = log.read()
    sums = SUM.findall(text)
    if sums:
        suite.checks, suite.failed = int(sums[-1][0]), int(sums[-1][1])
    if late:
        suite.reason = 'took longer than %d s' % suite.limit_s
    if code == 77:
        reasons = re.findall(r'^not run: (.*)', text, re.M)
        suite.verdict = 'NOT RUN'
        suite.reason = '; '.join(reasons) or 'no reason given'
        if CI:
            suite.failed += 1
            suite.checks += 1
    elif code == 0 and suite.failed == 0 and suite.checks:
        suite.verdict = 'passed'
    elif suite.failed == 0:
        suite.failed += 1
        suite.checks += 1
        suite.reason = suite.reason or 'ended with %d' % code


PRINTING = threading.Lock()


def tell(suite):
    with PRINTING:
        print('%-8s %-20s %6d checks %4d failed %6.0f s  %s'
              % (suite.verdict, suite.name, suite.checks, suite.failed,
                 suite.seconds, suite.reason), flush=True)
        if suite.failed:
            print('----- %s' % suite.log)
            with open(suite.log, encoding='utf-8', errors='replace') as log:
                sys.stdout.write(log.read())
            print('----- end of %s' % suite.log, flush=True)


def run_all(suites):
    """Those that share first, two at a time; then the others."""
    waiting = [s for s in suites if not s.alone]
    lock = threading.Lock()
    processors = os.cpu_count() or 1

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                suite = waiting.pop(0)
            run(suite, max(1, processors // 2))
            tell(suite)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for suite in suites:
        if suite.alone:
            run(suite, processors)
            tell(suite)


def chosen(names):
    folder = os.path.join(ROOT, 'scripts/suites')
    suites = [Suite(os.path.join(folder, name))
              for name in sorted(os.listdir(folder))
              if re.match(r'\d\d-[\w-]+$', name)]
    for name in names:
        if not any(name in (s.name, s.name[3:], s.name[:2]) for s in suites):
            sys.exit('no suite is called %s; there are: %s'
                     % (name, ' '.join(s.name for s in suites)))
    return [s for s in suites if not names or
            any(name in (s.name, s.name[3:], s.name[:2]) for name in names)]


def main():
    suites = chosen(sys.argv[1:])
    prepare()
    run_all(suites)
    print()
    for suite in suites:
        print('%-8s %-20s %6d checks %4d failed %6.0f s  %s'
              % (suite.verdict, suite.name, suite.checks, suite.failed,
                 suite.seconds, suite.reason))
    failed = sum(s.failed for s in suites)
    print('%d passed, %d failed' % (sum(s.checks for s in suites) - failed,
                                    failed))
    sys.exit(1 if failed else 0)


main()
