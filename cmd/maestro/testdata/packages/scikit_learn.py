from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split


def use(input):
    train, test, wanted, held = train_test_split(*load_iris(return_X_y=True), random_state=0)
    score = LogisticRegression(max_iter=200).fit(train, wanted).score(test, held)
    return double(score) > 1.8
