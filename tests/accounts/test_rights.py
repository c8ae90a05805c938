import ast

from encore.accounts.rights import RIGHTS
from tests.test_house import SOURCE, trees


def test_every_row_of_rights_is_an_operation() -> None:
    operations = {
        f"{path.relative_to(SOURCE).parts[0]}.{node.name}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(one, ast.Name) and one.id == "operation" for one in node.decorator_list)
    }
    assert RIGHTS.keys() == operations
