"""An architecture a module, by its GGUF name: POSITION_ENCODING, FIXTURES and hidden(file, sequence)."""

import importlib
import pkgutil


def module_of(architecture):
    return importlib.import_module(f"{__name__}.{architecture.replace('-', '_')}")


def all_modules():
    return [module_of(name) for _, name, _ in pkgutil.iter_modules(__path__)]
