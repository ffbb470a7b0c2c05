"""What has to be installed: from the distribution's packages, loudly when it cannot be."""

import os
import shutil
import subprocess
import sys


def need_root():
    """The servers change users and the packages are installed: both need root."""
    if os.geteuid() != 0:
        sys.exit('this has to run as root: it installs packages and starts mail servers that change users')


def apt(*arguments, cwd=None):
    """Run apt-get; end with its last words when it fails."""
    command = ['apt-get', '-q', '-y', *arguments]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env=dict(os.environ, DEBIAN_FRONTEND='noninteractive')
    )
    if done.returncode:
        sys.exit(f'{" ".join(command)} failed:\n{done.stdout[-1000:]}\n{done.stderr[-1000:]}')


_updated = False


def install(*packages):
    """Install those that are not there yet, without what they merely recommend."""
    global _updated
    missing = [p for p in packages if not _installed(p)]
    if not missing:
        return
    if not shutil.which('apt-get'):
        sys.exit(f'needs apt-get to install {", ".join(missing)}; install them by hand and run again')
    if not _updated:
        apt('update')
        _updated = True
    print(f'installing {" ".join(missing)}', flush=True)
    apt('install', '--no-install-recommends', *missing)


def unpack(folder, *packages):
    """Unpack packages below a folder, for those that may not be installed beside others; install their libraries."""
    listed = subprocess.run(['apt-cache', 'depends', *packages], capture_output=True, text=True)
    if listed.returncode:
        apt('update')
        listed = subprocess.run(['apt-cache', 'depends', *packages], capture_output=True, text=True, check=True)
    words = (line.split() for line in listed.stdout.splitlines())
    install(*sorted({w[1] for w in words if len(w) == 2 and w[0] == 'Depends:' and w[1].startswith('lib')}))
    os.makedirs(folder)
    shutil.chown(folder, '_apt')
    apt('download', *packages, cwd=folder)
    for name in os.listdir(folder):
        subprocess.run(['dpkg', '-x', name, '.'], cwd=folder, check=True)
    os.chmod(folder, 0o755)


def _installed(package):
    asked = subprocess.run(['dpkg-query', '-W', '-f', '${Status}', package], capture_output=True, text=True)
    return asked.returncode == 0 and asked.stdout == 'install ok installed'
